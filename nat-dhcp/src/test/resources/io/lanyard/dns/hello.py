# Speaks TLS, with the first message whole or in pieces, and prints what the server says: HOW ADDRESS PORT NAME
import socket, ssl, sys

how, address, port, name = sys.argv[1:5]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(coming, going, server_hostname=name or None)
try:
    s = socket.create_connection((address, int(port)), 10)
except OSError as e:
    print(e)
    sys.exit()
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def segments(data):
    return [data[i:i + 7] for i in range(0, len(data), 7)]


def records(data):
    # The same handshake message in many records (RFC 8446 section 5.1).
    body = data[5:]
    parts = [body[i:i + 16] for i in range(0, len(body), 16)]
    return [data[:3] + len(part).to_bytes(2, 'big') + part for part in parts]


try:
    tls.do_handshake()
except ssl.SSLWantReadError:
    pass
try:
    pieces = {'whole': lambda data: [data], 'segments': segments, 'records': records}[how]
    for piece in pieces(going.read()):
        s.sendall(piece)
    said = b''
    while b'served' not in said:
        data = s.recv(16384)
        if not data:
            break
        coming.write(data)
        try:
            tls.do_handshake()
            said += tls.read(100)
        except ssl.SSLWantReadError:
            pass
        s.sendall(going.read())
    print(said.decode())
except OSError as e:
    print(e)
