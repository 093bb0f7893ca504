# Sends packets in fragments that are made by hand: SOURCE, and HOW DESTINATION PORT of each
import socket, struct, sys

source = sys.argv[1]
six = ':' in source
family = socket.AF_INET6 if six else socket.AF_INET
TCP, UDP = 6, 17


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def send(how, destination, port, number):
    addresses = socket.inet_pton(family, source) + socket.inet_pton(family, destination)
    protocol = TCP if how == 'syn' else UDP

    def finish(data, field):
        pseudo = addresses + struct.pack('>II', len(data), protocol)
        return data[:field] + struct.pack('>H', checksum(pseudo + data)) + data[field + 2:]

    def transport():
        if protocol == TCP:
            # Twelve bytes of options that say nothing, and eight of data.
            header = struct.pack('>HHIIBBHHH', 4000, port, 1, 0, 0x80, 2, 65535, 0, 0)
            return finish(header + bytes([1] * 12) + bytes(8), 16)
        text = how.encode().ljust(24, b'.')
        return finish(struct.pack('>HHHH', 4000, port, 8 + len(text), 0) + text, 6)

    def fragment(offset, more, data, header=protocol):
        if six:
            data = struct.pack('>BBHI', header, 0, offset | more, number) + data
            return struct.pack('>IHBB', 6 << 28, len(data), 44, 64) + addresses + data
        word = offset // 8 | (0x2000 if more else 0)
        ip = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(data), number, word, 64, header, 0)
        return ip + addresses + data

    whole = transport()
    # Of IPv6 the first one has to have the whole header (RFC 8200 section 4.5).
    first = 32 if protocol == TCP and six else 8
    parts = [fragment(0, 1, whole[:first]), fragment(first, 0, whole[first:])]
    if how == 'backwards':
        parts.reverse()
    elif how == 'overlapping':
        parts = [fragment(0, 1, whole[:16]), fragment(8, 0, whole[8:])]
    elif how == 'headless':
        # The first one has no ports: of IPv6 an extension header stands there (RFC 7112), of IPv4
        # options would have to, so that only the later ones are sent.
        options = bytes([protocol, 0, 1, 4, 0, 0, 0, 0])
        parts = [fragment(8, 0, whole, 60 if six else protocol)]
        if six:
            parts.insert(0, fragment(0, 1, options, 60))
    elif how in ('end', 'raw'):
        parts = [fragment(0, 0, whole)]
    for part in parts:
        s.sendto(part, (destination, 0))


s = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
words = sys.argv[2:]
for i in range(0, len(words), 3):
    send(words[i], words[i + 1], int(words[i + 2]), 100 + i)
