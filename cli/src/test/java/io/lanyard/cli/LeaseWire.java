package io.lanyard.cli;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Clients that take leases behind a port of QEMU's stream. They send again what is not answered, as
 * clients do: a frame may be dropped.
 *
 * <p>Thread: one at a time; a thread of its own reads. A daemon that ends makes an {@link
 * IOException} of what is waited for.
 */
final class LeaseWire implements AutoCloseable {
  private static final int OFFER = 2;
  private static final int ACK = 5;
  private static final int REPLY = 7;
  private static final int UDP = 17;

  /** Where a frame has its BOOTP message. */
  private static final int BOOTP = 42;

  /** The option that names the server. */
  private static final int SERVER = 54;

  private static final byte[] SERVERS = HexFormat.of().parseHex("ff020000000000000000000000010002");

  /** Between two tries, and how many there are: a busy host may need the time of all of them. */
  private static final long RESEND_NANOS = TimeUnit.SECONDS.toNanos(2);

  private static final int TRIES = 30;

  private final SocketChannel wire;

  /** The frames that have come; an empty one is the end. */
  private final BlockingQueue<ByteBuffer> come = new LinkedBlockingQueue<>();

  private LeaseWire(SocketChannel wire) {
    this.wire = wire;
    Thread.ofPlatform().daemon(true).name("lease-wire").start(this::readAll);
  }

  /** Connects to a port's socket. */
  static LeaseWire connect(Path socket) throws IOException {
    return new LeaseWire(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
  }

  /** The MAC address of a client. */
  static String macOf(int client) {
    return HexFormat.ofDelimiter(":").formatHex(mac(client));
  }

  private static byte[] mac(int client) {
    return new byte[] {0x52, 0x54, 0, 1, (byte) (client >> 8), (byte) client};
  }

  /** Takes an IPv4 lease; gives its address when the server has acknowledged it. */
  String takeIpv4(int client) throws IOException {
    byte[] mac = mac(client);
    ByteBuffer offer = exchange(dhcp(mac, client, 1, 0, 0), frame -> isDhcp(frame, client, OFFER));
    ByteBuffer request =
        dhcp(mac, client, 3, offer.getInt(BOOTP + 16), option(bootp(offer), SERVER));
    return address(exchange(request, frame -> isDhcp(frame, client, ACK)), BOOTP + 16, 4);
  }

  /** Takes an IPv6 lease with two messages; gives its address when the server has replied. */
  String takeIpv6(int client) throws IOException {
    ByteBuffer reply = exchange(solicit(client), frame -> isReply(frame, client));
    return address(reply, addressOf(reply), 16);
  }

  private static boolean isReply(ByteBuffer frame, int client) {
    return frame.remaining() > 66
        && frame.getShort(12) == (short) 0x86dd
        && frame.get(20) == UDP
        && frame.getShort(56) == 546
        && frame.getInt(62) == (REPLY << 24 | (client & 0xff_ffff));
  }

  /** Whether a frame is the answer. */
  private interface Answer {
    boolean is(ByteBuffer frame) throws IOException;
  }

  /** Sends a message until its answer comes. */
  private ByteBuffer exchange(ByteBuffer message, Answer answer) throws IOException {
    try {
      for (int i = 0; i < TRIES; i++) {
        send(message.duplicate());
        long until = System.nanoTime() + RESEND_NANOS;
        ByteBuffer frame;
        while ((frame = come.poll(until - System.nanoTime(), TimeUnit.NANOSECONDS)) != null) {
          if (!frame.hasRemaining()) {
            throw new IOException("closed");
          }
          if (answer.is(frame)) {
            return frame;
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
    throw new AssertionError("no answer in " + TRIES + " tries");
  }

  /** Where a reply has the address of its IA_NA. */
  private static int addressOf(ByteBuffer frame) throws IOException {
    for (int at = 66; at + 4 <= frame.limit(); at += 4 + (frame.getShort(at + 2) & 0xffff)) {
      if (frame.getShort(at) == 3 && frame.getShort(at + 2) >= 12 + 28) {
        return at + 4 + 12 + 4;
      }
    }
    throw new IOException("the reply has no address");
  }

  private static String address(ByteBuffer frame, int at, int length) throws IOException {
    byte[] address = new byte[length];
    frame.get(at, address);
    return InetAddress.getByAddress(address).getHostAddress();
  }

  private void send(ByteBuffer frame) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(4).putInt(0, frame.remaining());
    while (head.hasRemaining()) {
      wire.write(head);
    }
    while (frame.hasRemaining()) {
      wire.write(frame);
    }
  }

  private void fill(ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (wire.read(buffer) < 0) {
        throw new IOException("closed");
      }
    }
    buffer.flip();
  }

  private void readAll() {
    try {
      while (true) {
        ByteBuffer length = ByteBuffer.allocate(4);
        fill(length);
        ByteBuffer frame = ByteBuffer.allocate(length.getInt(0));
        fill(frame);
        come.add(frame);
      }
    } catch (IOException e) {
      come.add(ByteBuffer.allocate(0));
    }
  }

  /** Whether a frame is a message of a type to a client. */
  private static boolean isDhcp(ByteBuffer frame, int xid, int type) throws IOException {
    return frame.remaining() > 282
        && frame.getShort(12) == 0x0800
        && frame.get(23) == UDP
        && frame.getShort(36) == 68
        && frame.getInt(BOOTP + 4) == xid
        && option(bootp(frame), 53) >>> 24 == type;
  }

  private static ByteBuffer bootp(ByteBuffer frame) {
    return frame.slice(BOOTP, frame.remaining() - BOOTP);
  }

  /** The first four bytes of an option; a shorter one is filled up with what follows. */
  private static int option(ByteBuffer bootp, int code) throws IOException {
    for (int at = 240; at + 5 < bootp.limit() && bootp.get(at) != (byte) 255; ) {
      if (bootp.get(at) == code) {
        return bootp.getInt(at + 2);
      }
      at += bootp.get(at) == 0 ? 1 : 2 + (bootp.get(at + 1) & 0xff);
    }
    throw new IOException("the message has no option " + code);
  }

  private static ByteBuffer dhcp(byte[] mac, int xid, int type, int requested, int server) {
    ByteBuffer frame = ByteBuffer.allocate(342);
    frame.put(new byte[] {-1, -1, -1, -1, -1, -1}).put(mac).putShort((short) 0x0800);
    int ip = frame.position();
    frame.putShort((short) 0x4500).putShort((short) (342 - 14)).putInt(0);
    frame.put((byte) 64).put((byte) UDP).putShort((short) 0).putInt(0).putInt(-1);
    frame.putShort(ip + 10, (short) ~fold(sum(frame, ip, 20)));
    frame
        .putShort((short) 68)
        .putShort((short) 67)
        .putShort((short) (342 - 34))
        .putShort((short) 0);
    int bootp = frame.position();
    frame.put((byte) 1).put((byte) 1).put((byte) 6).put((byte) 0).putInt(xid);
    frame.position(bootp + 28).put(mac);
    frame.position(bootp + 236).putInt(0x63825363);
    frame.put((byte) 53).put((byte) 1).put((byte) type);
    if (requested != 0) {
      frame.put((byte) 50).put((byte) 4).putInt(requested);
      frame.put((byte) 54).put((byte) 4).putInt(server);
    }
    frame.put((byte) 255);
    return frame.position(0);
  }

  /** A SOLICIT with Rapid Commit (RFC 8415 section 18.2.1), from a link-local address. */
  private static ByteBuffer solicit(int client) {
    byte[] mac = mac(client);
    int message = 4 + 14 + 16 + 4;
    ByteBuffer frame = ByteBuffer.allocate(14 + 40 + 8 + message);
    frame.put(new byte[] {0x33, 0x33, 0, 1, 0, 2}).put(mac).putShort((short) 0x86dd);
    frame.putInt(0x6000_0000).putShort((short) (8 + message)).put((byte) UDP).put((byte) 1);
    frame.putShort((short) 0xfe80).put(new byte[6]);
    frame.put((byte) (mac[0] ^ 2)).put(mac, 1, 2).putShort((short) 0xfffe).put(mac, 3, 3);
    frame.put(SERVERS);
    int udp = frame.position();
    frame
        .putShort((short) 546)
        .putShort((short) 547)
        .putShort((short) (8 + message))
        .putShort((short) 0);
    frame.putInt(1 << 24 | (client & 0xff_ffff));
    frame.putShort((short) 1).putShort((short) 10).putShort((short) 3).putShort((short) 1).put(mac);
    frame.putShort((short) 3).putShort((short) 12).putInt(1).putLong(0);
    frame.putInt(14 << 16);
    int sum = fold(sum(frame, 22, frame.position() - 22) + UDP + 8 + message);
    frame.putShort(udp + 6, (short) (sum == 0xffff ? sum : ~sum));
    return frame.position(0);
  }

  private static int sum(ByteBuffer frame, int from, int length) {
    int sum = 0;
    for (int i = 0; i < length; i++) {
      sum += (frame.get(from + i) & 0xff) << (i % 2 == 0 ? 8 : 0);
    }
    return sum;
  }

  private static int fold(int sum) {
    int once = (sum & 0xffff) + (sum >>> 16);
    return (once & 0xffff) + (once >>> 16);
  }

  @Override
  public void close() throws IOException {
    wire.close();
  }
}
