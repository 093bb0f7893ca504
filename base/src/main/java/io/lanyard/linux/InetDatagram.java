package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * A datagram socket of the host over IPv4, not blocking: UDP, or ICMP echo with and without
 * privilege.
 *
 * <p>Why not a Netty channel: there may be ten thousand of these at a time, they need no pipeline,
 * they share one buffer for reading, and a datagram in or out must not make an object. They
 * register with Netty's loop by their descriptor like any other device.
 *
 * <p>Thread: one at a time, the loop's. Calls that can fail while traffic flows return an error
 * number negated ({@link Errno}) instead of throwing.
 */
public final class InetDatagram implements AutoCloseable {
  private static final int AF_INET = 2;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_RAW = 3;
  private static final int SOCK_NONBLOCK = 0x800;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int IPPROTO_ICMP = 1;
  private static final int SOL_SOCKET = 1;
  private static final int SO_BROADCAST = 6;
  private static final int SOL_IP = 0;
  private static final int SOL_RAW = 255;
  private static final int ICMP_FILTER = 1;
  private static final int ALL_BUT_ECHO_REPLY = ~1;
  private static final int IP_TTL = 2;
  private static final int IP_MTU_DISCOVER = 10;
  private static final int IP_RECVERR = 11;
  private static final int PMTUDISC_DONT = 0;
  private static final int PMTUDISC_DO = 2;
  static final int SOL_UDP = 17;
  private static final int UDP_SEGMENT = 103;
  static final int UDP_GRO = 104;
  private static final int MSG_ERRQUEUE = 0x2000;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int ADDRESS_LENGTH = 16;
  private static final int ERROR_FROM_ICMP = 2;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  /** A train's most datagrams, and bytes: what every kernel with UDP_SEGMENT takes (udp(7)). */
  public static final int MOST_SEGMENTS = 64;

  /** The most bytes of payload in a datagram, or in a train, over IPv4. */
  public static final int LARGEST_PAYLOAD = 65535 - 20 - 8;

  // Where a train's arguments lie: struct msghdr, struct iovec, and a struct cmsghdr with its data.
  private static final int MESSAGE = 32;
  private static final int VECTOR = MESSAGE + 56;
  private static final int CONTROL = VECTOR + 16;
  private static final int CONTROL_LENGTH = 24;
  private static final int ARGUMENT_LENGTH = CONTROL + CONTROL_LENGTH;

  /**
   * A sockaddr_in, an int, and a message, for arguments: calls on one thread do not overlap. What
   * never changes is written once.
   */
  private static final ThreadLocal<MemorySegment> ARGUMENT =
      ThreadLocal.withInitial(InetDatagram::argument);

  private final int fd;
  private boolean closed;

  private InetDatagram(int fd) {
    this.fd = fd;
  }

  private static MemorySegment argument() {
    MemorySegment memory = Arena.ofAuto().allocate(ARGUMENT_LENGTH, 8);
    memory.set(LONG, MESSAGE, memory.address());
    memory.set(INT, MESSAGE + 8, ADDRESS_LENGTH);
    memory.set(LONG, MESSAGE + 16, memory.address() + VECTOR);
    memory.set(LONG, MESSAGE + 24, 1);
    memory.set(LONG, MESSAGE + 32, memory.address() + CONTROL);
    memory.set(LONG, MESSAGE + 40, CONTROL_LENGTH);
    memory.set(LONG, CONTROL, 16 + Short.BYTES);
    memory.set(INT, CONTROL + 8, SOL_UDP);
    memory.set(INT, CONTROL + 12, UDP_SEGMENT);
    return memory;
  }

  /**
   * Opens a UDP socket. Where the kernel can, it hands over trains of datagrams ({@link
   * DatagramBatch#segment}).
   *
   * @param address the IPv4 address to bind to; 0 for any
   * @param port the port to bind to; 0 lets the host choose
   * @return a socket
   * @throws ErrnoException with the error number: EADDRINUSE, EMFILE...
   */
  public static InetDatagram udp(int address, int port) throws ErrnoException {
    InetDatagram socket = open(SOCK_DGRAM, 0);
    socket.option(SOL_UDP, UDP_GRO, 1);
    socket.bindOrClose(address, port, "bind UDP port " + port);
    return socket;
  }

  /**
   * Opens a socket for ICMP echo; its identifier is {@link #localPort}.
   *
   * @param identifier the identifier to ask for; 0 lets the host choose
   * @return a socket
   * @throws ErrnoException EACCES if {@code net.ipv4.ping_group_range} does not permit it
   */
  public static InetDatagram ping(int identifier) throws ErrnoException {
    InetDatagram socket = open(SOCK_DGRAM, IPPROTO_ICMP);
    socket.bindOrClose(0, identifier, "bind ICMP identifier " + identifier);
    return socket;
  }

  /**
   * Opens a raw socket for ICMP echo with one address (raw(7)). What is sent is a whole ICMP
   * message, identifier and checksum included; what is received are all echo replies that come from
   * the address, for any program's request, with their IPv4 header before them.
   *
   * @param address the IPv4 address
   * @return a socket
   * @throws ErrnoException EPERM without CAP_NET_RAW
   */
  public static InetDatagram rawPing(int address) throws ErrnoException {
    InetDatagram socket = open(SOCK_RAW, IPPROTO_ICMP);
    socket.option(SOL_RAW, ICMP_FILTER, ALL_BUT_ECHO_REPLY);
    int result = InetCalls.connect(socket.fd, address(address, 0), ADDRESS_LENGTH);
    if (result < 0) {
      socket.close();
      throw new ErrnoException("connect an ICMP socket", -result);
    }
    return socket;
  }

  private static InetDatagram open(int type, int protocol) throws ErrnoException {
    int fd = Libc.socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (fd < 0) {
      throw new ErrnoException("open a datagram socket", -fd);
    }
    InetDatagram socket = new InetDatagram(fd);
    socket.option(SOL_IP, IP_RECVERR, 1);
    // Linux's own default forbids fragments to routers and learns by losing the first datagram.
    socket.dontFragment(false);
    return socket;
  }

  private void bindOrClose(int address, int port, String what) throws ErrnoException {
    int result = InetCalls.bind(fd, address(address, port), ADDRESS_LENGTH);
    if (result < 0) {
      close();
      throw new ErrnoException(what, -result);
    }
  }

  /**
   * The descriptor, for the loop to watch.
   *
   * @return its number
   */
  public int fd() {
    return fd;
  }

  /**
   * The port that the socket is bound to.
   *
   * @return the port, or the ICMP identifier; 0 when the host does not say
   */
  public int localPort() {
    MemorySegment memory = ARGUMENT.get();
    memory.set(INT, 16, ADDRESS_LENGTH);
    if (InetCalls.getsockname(fd, memory.address(), memory.address() + 16) < 0) {
      return 0;
    }
    return (memory.get(ValueLayout.JAVA_BYTE, 2) & 0xff) << 8
        | (memory.get(ValueLayout.JAVA_BYTE, 3) & 0xff);
  }

  /**
   * Sends a datagram.
   *
   * @param data the address of its bytes
   * @param length how many
   * @param address the destination's IPv4 address
   * @param port its port
   * @return bytes sent, or an error number negated
   */
  public int send(long data, int length, int address, int port) {
    return closed
        ? -Errno.EBADF
        : InetCalls.sendto(
            fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL, address(address, port), ADDRESS_LENGTH);
  }

  /**
   * Sends a train of datagrams that lie one behind the other, in one call (UDP_SEGMENT, udp(7)):
   * all of them, or none.
   *
   * @param data the address of the first one's bytes
   * @param length how many bytes they have together, at most {@link #LARGEST_PAYLOAD}
   * @param segment how many bytes each has; the last may have fewer. At least 1, and so many that
   *     there are no more than {@link #MOST_SEGMENTS}
   * @param address the destination's IPv4 address
   * @param port its port
   * @return bytes sent, or an error number negated; EINVAL and EMSGSIZE for a segment that does not
   *     fit through the path, EIO where the path's device cannot do it
   */
  public int sendTrain(long data, int length, int segment, int address, int port) {
    if (closed) {
      return -Errno.EBADF;
    }
    address(address, port);
    MemorySegment memory = ARGUMENT.get();
    memory.set(LONG, VECTOR, data);
    memory.set(LONG, VECTOR + 8, length);
    memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, CONTROL + 16, (short) segment);
    return InetCalls.sendmsg(fd, memory.address() + MESSAGE, MSG_DONTWAIT | MSG_NOSIGNAL);
  }

  /**
   * Receives a burst.
   *
   * @param batch its slots are filled from the first on
   * @return how many datagrams came, 0 if none waits, or an error number negated
   */
  public int receive(DatagramBatch batch) {
    if (closed) {
      return -Errno.EBADF;
    }
    int count = batch.slots();
    int result = InetCalls.recvmmsg(fd, batch.prepare(count), count, MSG_DONTWAIT);
    return result == -Errno.EAGAIN ? 0 : result;
  }

  /**
   * Takes the next error that the kernel keeps for this socket. The head of the datagram that it is
   * about comes into the batch's slot 0.
   *
   * @param batch takes the head of the datagram
   * @return the error; null when there is none
   */
  public @Nullable SocketError receiveError(DatagramBatch batch) {
    if (closed) {
      return null;
    }
    int length = InetCalls.recvmsg(fd, batch.prepareControl(), MSG_ERRQUEUE | MSG_DONTWAIT);
    batch.finishControl(Math.max(0, length));
    MemorySegment control = batch.control();
    return length < 0 ? null : parse(control, batch);
  }

  private static SocketError parse(MemorySegment control, DatagramBatch batch) {
    // struct cmsghdr: length, level, type; its data 16 bytes in, the next at a multiple of 8.
    for (long at = 0; at + 16 <= control.byteSize(); ) {
      long length = control.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
      if (length < 16 || at + length > control.byteSize()) {
        break;
      }
      boolean isError =
          control.get(INT, at + 8) == SOL_IP && control.get(INT, at + 12) == IP_RECVERR;
      if (isError && length >= 16 + 16) {
        // struct sock_extended_err, and the offender's sockaddr behind it.
        long error = at + 16;
        boolean hasOffender = length >= 16 + 16 + 8;
        return new SocketError(
            control.get(INT, error),
            control.get(ValueLayout.JAVA_BYTE, error + 4) == ERROR_FROM_ICMP,
            control.get(ValueLayout.JAVA_BYTE, error + 5) & 0xff,
            control.get(ValueLayout.JAVA_BYTE, error + 6) & 0xff,
            control.get(INT, error + 8),
            hasOffender ? Integer.reverseBytes(control.get(INT, error + 16 + 4)) : 0,
            batch.address(0),
            batch.port(0));
      }
      at += (length + 7) & ~7;
    }
    return new SocketError(0, false, 0, 0, 0, 0, batch.address(0), batch.port(0));
  }

  /**
   * Sets the time to live of what is sent from now on.
   *
   * @param ttl hops
   * @return 0, or an error number negated
   */
  public int ttl(int ttl) {
    return option(SOL_IP, IP_TTL, ttl);
  }

  /**
   * Allows or forbids the host and routers to fragment the following datagrams: they may when the
   * socket is new.
   *
   * @param dont true: a datagram that is larger than the path's MTU fails with EMSGSIZE
   * @return 0, or an error number negated
   */
  public int dontFragment(boolean dont) {
    return option(SOL_IP, IP_MTU_DISCOVER, dont ? PMTUDISC_DO : PMTUDISC_DONT);
  }

  /**
   * Permits sending to broadcast addresses.
   *
   * @return 0, or an error number negated
   */
  public int permitBroadcast() {
    return option(SOL_SOCKET, SO_BROADCAST, 1);
  }

  private int option(int level, int name, int value) {
    if (closed) {
      return -Errno.EBADF;
    }
    MemorySegment memory = ARGUMENT.get();
    memory.set(INT, 16, value);
    return InetCalls.setsockopt(fd, level, name, memory.address() + 16, 4);
  }

  private static long address(int address, int port) {
    MemorySegment memory = ARGUMENT.get();
    memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) AF_INET);
    memory.set(ValueLayout.JAVA_BYTE, 2, (byte) (port >>> 8));
    memory.set(ValueLayout.JAVA_BYTE, 3, (byte) port);
    memory.set(INT, 4, Integer.reverseBytes(address));
    memory.set(LONG, 8, 0);
    return memory.address();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      int _ = Libc.close(fd);
    }
  }
}
