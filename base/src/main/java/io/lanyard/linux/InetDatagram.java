package io.lanyard.linux;

import io.lanyard.net.Address;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * A datagram socket of the host, not blocking: UDP, or ICMP echo with and without privilege, over
 * IPv4 and IPv6.
 *
 * <p>Why not a Netty channel: there may be ten thousand of these at a time, they need no pipeline,
 * they share one buffer for reading, and a datagram in or out must not make an object. They
 * register with Netty's loop by their descriptor like any other device.
 *
 * <p>Thread: one at a time, the loop's. Calls that can fail while traffic flows return an error
 * number negated ({@link Errno}) instead of throwing.
 */
public final class InetDatagram implements AutoCloseable {
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_RAW = 3;
  private static final int SOCK_NONBLOCK = 0x800;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int IPPROTO_ICMP = 1;
  private static final int IPPROTO_ICMPV6 = 58;
  private static final int SOL_IP = ControlMessages.SOL_IP;
  private static final int SOL_IPV6 = ControlMessages.SOL_IPV6;
  private static final int SOL_RAW = 255;
  private static final int ICMP_FILTER = 1;
  private static final int ALL_BUT_ECHO_REPLY = ~1;

  /** A {@code struct icmp6_filter}: a bit for each type that does not come. */
  private static final int ICMPV6_FILTER_WORDS = 8;

  private static final int ICMPV6_ECHO_REPLY = 129;
  private static final int IP_TTL = 2;
  private static final int IP_MTU_DISCOVER = 10;
  private static final int IP_RECVERR = 11;
  private static final int IPV6_UNICAST_HOPS = 16;
  private static final int IPV6_MTU_DISCOVER = 23;
  private static final int IPV6_RECVERR = 25;
  private static final int IPV6_V6ONLY = 26;
  private static final int IPV6_RECVPKTINFO = 49;
  private static final int PMTUDISC_DONT = 0;
  private static final int PMTUDISC_DO = 2;
  private static final int MSG_ERRQUEUE = 0x2000;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int ERROR_FROM_ICMP = 2;
  private static final int ERROR_FROM_ICMPV6 = 3;

  /** A {@code struct sock_extended_err}; the offender's socket address lies behind it. */
  private static final int EXTENDED_ERROR = 16;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  /** A batch's most datagrams, and bytes: what every kernel with UDP_SEGMENT takes (udp(7)). */
  public static final int MOST_SEGMENTS = 64;

  /** The most bytes of payload in a datagram, or in a batch, over IPv4. */
  public static final int LARGEST_PAYLOAD = 65535 - 20 - 8;

  // Where arguments lie: a socket address, an int, struct msghdr, struct iovec, control messages.
  private static final int VALUE = 32;
  private static final int MESSAGE = 40;
  private static final int VECTOR = MESSAGE + 56;
  private static final int CONTROL = VECTOR + 16;
  private static final int ARGUMENT_LENGTH =
      CONTROL + ControlMessages.SEGMENT + ControlMessages.IPV6_INFO;

  /** Arguments: calls on one thread do not overlap. What never changes is written once. */
  private static final ThreadLocal<MemorySegment> ARGUMENT =
      ThreadLocal.withInitial(InetDatagram::argument);

  private final int fd;
  private final int family;
  private boolean closed;

  private InetDatagram(int fd, int family) {
    this.fd = fd;
    this.family = family;
  }

  private static MemorySegment argument() {
    MemorySegment memory = Arena.ofAuto().allocate(ARGUMENT_LENGTH, 8);
    memory.set(LONG, MESSAGE, memory.address());
    memory.set(LONG, MESSAGE + 16, memory.address() + VECTOR);
    memory.set(LONG, MESSAGE + 24, 1);
    memory.set(LONG, MESSAGE + 32, memory.address() + CONTROL);
    return memory;
  }

  /**
   * Opens a UDP socket. Where the kernel can, it hands over batches of datagrams ({@link
   * DatagramBatch#segment}).
   *
   * @param address the address to bind to, perhaps all of a family; {@code ::} has the IPv4 ones,
   *     too
   * @param port the port to bind to; 0 lets the host choose
   * @return a socket
   * @throws ErrnoException with the error number: EADDRINUSE, EMFILE...
   */
  public static InetDatagram udp(Address address, int port) throws ErrnoException {
    return udp(address, port, true);
  }

  /**
   * Opens a UDP socket as {@link #udp} does, which has the addresses of one family alone.
   *
   * @param address the address to bind to, perhaps all of its family
   * @param port as for {@link #udp}
   * @return a socket
   * @throws ErrnoException as for {@link #udp}
   */
  public static InetDatagram udpOfFamily(Address address, int port) throws ErrnoException {
    return udp(address, port, false);
  }

  private static InetDatagram udp(Address address, int port, boolean both) throws ErrnoException {
    InetDatagram socket = open(family(address), SOCK_DGRAM, 0);
    if (!both && socket.family == SocketAddresses.AF_INET6) {
      socket.option(SOL_IPV6, IPV6_V6ONLY, 1);
    }
    socket.option(ControlMessages.SOL_UDP, ControlMessages.UDP_GRO, 1);
    socket.bindOrClose(address, port, "bind UDP port " + port);
    return socket;
  }

  private static int family(Address address) {
    return address.isIpv4() ? SocketAddresses.AF_INET : SocketAddresses.AF_INET6;
  }

  /**
   * Opens a UDP socket for clients. Where it has all addresses of the host, it tells of each
   * datagram which one its sender has asked, so that the answer can leave from there ({@link
   * DatagramBatch#ends}).
   *
   * @param address as for {@link #udp}
   * @param port as for {@link #udp}
   * @return a socket
   * @throws ErrnoException as for {@link #udp}
   */
  public static InetDatagram listen(Address address, int port) throws ErrnoException {
    InetDatagram socket = udp(address, port);
    if (address.isAny()) {
      socket.option(SOL_IP, ControlMessages.IP_PKTINFO, 1);
      if (socket.family == SocketAddresses.AF_INET6) {
        socket.option(SOL_IPV6, IPV6_RECVPKTINFO, 1);
      }
    }
    return socket;
  }

  /**
   * Opens a socket for ICMP echo; its identifier is {@link #localPort}.
   *
   * @param address the address to bind to, perhaps all of its family
   * @param identifier the identifier to ask for; 0 lets the host choose
   * @return a socket
   * @throws ErrnoException EACCES if {@code net.ipv4.ping_group_range} does not permit it, which
   *     holds for both families
   */
  public static InetDatagram ping(Address address, int identifier) throws ErrnoException {
    InetDatagram socket = open(family(address), SOCK_DGRAM, icmp(address));
    socket.bindOrClose(address, identifier, "bind ICMP identifier " + identifier);
    return socket;
  }

  private static int icmp(Address address) {
    return address.isIpv4() ? IPPROTO_ICMP : IPPROTO_ICMPV6;
  }

  /**
   * Opens a raw socket for ICMP echo (raw(7)). What is sent is a whole ICMP message, identifier and
   * checksum included; what is received are all echo replies, for any program's request: of IPv4
   * with their IP header before them. Once it is connected, they are those of one address.
   *
   * @param local the address to bind to, perhaps all of its family
   * @return a socket
   * @throws ErrnoException EPERM without CAP_NET_RAW
   */
  public static InetDatagram rawPing(Address local) throws ErrnoException {
    InetDatagram socket = open(family(local), SOCK_RAW, icmp(local));
    socket.filterEchoReplies();
    socket.bindOrClose(local, 0, "bind a raw ICMP socket");
    return socket;
  }

  /**
   * Connects the socket to one address: it goes there, and only what comes from there is received.
   *
   * @param address of the socket's family
   * @throws ErrnoException if no route leads there; the socket is closed
   */
  public void connect(Address address) throws ErrnoException {
    MemorySegment memory = ARGUMENT.get();
    int length = name(memory, address.high(), address.low(), 0, 0);
    int result = InetCalls.connect(fd, memory.address(), length);
    if (result < 0) {
      close();
      throw new ErrnoException("connect an ICMP socket", -result);
    }
  }

  private void filterEchoReplies() {
    if (family == SocketAddresses.AF_INET) {
      option(SOL_RAW, ICMP_FILTER, ALL_BUT_ECHO_REPLY);
      return;
    }
    MemorySegment memory = ARGUMENT.get();
    for (int word = 0; word < ICMPV6_FILTER_WORDS; word++) {
      boolean has = word == ICMPV6_ECHO_REPLY / Integer.SIZE;
      memory.set(INT, 4L * word, has ? ~(1 << ICMPV6_ECHO_REPLY) : -1);
    }
    int length = 4 * ICMPV6_FILTER_WORDS;
    int _ = InetCalls.setsockopt(fd, IPPROTO_ICMPV6, ICMP_FILTER, memory.address(), length);
  }

  private static InetDatagram open(int family, int type, int protocol) throws ErrnoException {
    int fd = Libc.socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (fd < 0) {
      throw new ErrnoException("open a datagram socket", -fd);
    }
    InetDatagram socket = new InetDatagram(fd, family);
    if (family == SocketAddresses.AF_INET6) {
      // Both families, as TCP has it, whatever net.ipv6.bindv6only says.
      socket.option(SOL_IPV6, IPV6_V6ONLY, 0);
      socket.option(SOL_IPV6, IPV6_RECVERR, 1);
    }
    socket.option(SOL_IP, IP_RECVERR, 1);
    // Linux's own default forbids fragments to routers and learns by losing the first datagram.
    socket.dontFragment(false);
    return socket;
  }

  private void bindOrClose(Address address, int port, String what) throws ErrnoException {
    MemorySegment memory = ARGUMENT.get();
    int length = name(memory, address.high(), address.low(), port, 0);
    int result = InetCalls.bind(fd, memory.address(), length);
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
    memory.set(INT, VALUE, SocketAddresses.LENGTH);
    return InetCalls.getsockname(fd, memory.address(), memory.address() + VALUE) < 0
        ? 0
        : SocketAddresses.port(memory, 0);
  }

  /**
   * Sends a datagram.
   *
   * @param data the address of its bytes
   * @param length how many
   * @param ends its destination, and the address that it leaves from where that is to be said
   * @return bytes sent, or an error number negated; EINVAL or ENETUNREACH if the host no longer has
   *     the address
   */
  public int send(long data, int length, DatagramEnds ends) {
    return send(data, length, 0, ends);
  }

  /**
   * Sends a batch of datagrams that lie one behind the other, in one call (UDP_SEGMENT, udp(7)):
   * all of them, or none.
   *
   * @param data the address of the first one's bytes
   * @param length how many bytes they have together, at most {@link #LARGEST_PAYLOAD}
   * @param segment how many bytes each has; the last may have fewer. At least 1, and so many that
   *     there are no more than {@link #MOST_SEGMENTS}
   * @param ends as for {@link #send}
   * @return bytes sent, or an error number negated; EINVAL and EMSGSIZE for a segment that does not
   *     fit through the path, EIO where the path's device cannot do it
   */
  public int sendBatch(long data, int length, int segment, DatagramEnds ends) {
    return send(data, length, segment, ends);
  }

  private int send(long data, int length, int segment, DatagramEnds ends) {
    if (closed) {
      return -Errno.EBADF;
    }
    if (family == SocketAddresses.AF_INET && !ends.remoteIsIpv4()) {
      return -Errno.EAFNOSUPPORT;
    }
    MemorySegment memory = ARGUMENT.get();
    int name = name(memory, ends.remoteHigh(), ends.remoteLow(), ends.remotePort(), ends.scope());
    int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    if (segment == 0 && !ends.hasLocal()) {
      return InetCalls.sendto(fd, data, length, flags, memory.address(), name);
    }
    memory.set(INT, MESSAGE + 8, name);
    memory.set(LONG, VECTOR, data);
    memory.set(LONG, VECTOR + 8, length);
    int control = 0;
    if (segment > 0) {
      ControlMessages.writeSegment(memory, CONTROL, segment);
      control = ControlMessages.SEGMENT;
    }
    if (ends.hasLocal()) {
      control += ControlMessages.writeLocal(memory, CONTROL + control, ends);
    }
    memory.set(LONG, MESSAGE + 40, control);
    return InetCalls.sendmsg(fd, memory.address() + MESSAGE, flags);
  }

  private int name(MemorySegment memory, long high, long low, int port, int scope) {
    return SocketAddresses.write(memory, 0, family, high, low, port, scope);
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
    int length = InetCalls.recvmsg(fd, batch.prepareError(), MSG_ERRQUEUE | MSG_DONTWAIT);
    batch.finishError(Math.max(0, length));
    MemorySegment control = batch.errorControl();
    return length < 0 ? null : parse(control, batch);
  }

  private SocketError parse(MemorySegment control, DatagramBatch batch) {
    DatagramEnds ends = new DatagramEnds();
    batch.errorRemote(ends);
    long size = control.byteSize();
    ControlMessages.local(control, 0, size, true, ends);
    boolean ipv4 = family == SocketAddresses.AF_INET;
    long at =
        ControlMessages.find(
            control,
            0,
            size,
            ipv4 ? SOL_IP : SOL_IPV6,
            ipv4 ? IP_RECVERR : IPV6_RECVERR,
            EXTENDED_ERROR);
    if (at < 0) {
      return new SocketError(0, false, 0, 0, 0, null, ends);
    }
    int origin = control.get(ValueLayout.JAVA_BYTE, at + 4);
    return new SocketError(
        control.get(INT, at),
        origin == ERROR_FROM_ICMP || origin == ERROR_FROM_ICMPV6,
        control.get(ValueLayout.JAVA_BYTE, at + 5) & 0xff,
        control.get(ValueLayout.JAVA_BYTE, at + 6) & 0xff,
        control.get(INT, at + 8),
        offender(control, at + EXTENDED_ERROR),
        ends);
  }

  /** The offender's socket address; its family is 0 where the kernel knows none. */
  private static @Nullable Address offender(MemorySegment control, long at) {
    if (at + SocketAddresses.IPV4_LENGTH > control.byteSize()) {
      return null;
    }
    int family = control.get(ValueLayout.JAVA_SHORT_UNALIGNED, at);
    boolean whole =
        family == SocketAddresses.AF_INET
            || (family == SocketAddresses.AF_INET6
                && at + SocketAddresses.LENGTH <= control.byteSize());
    return whole ? SocketAddresses.address(control, at) : null;
  }

  /**
   * Sets the time to live, or hop limit, of what is sent from now on.
   *
   * @param ttl hops
   * @return 0, or an error number negated
   */
  public int ttl(int ttl) {
    if (family == SocketAddresses.AF_INET6) {
      int result = option(SOL_IPV6, IPV6_UNICAST_HOPS, ttl);
      if (result < 0) {
        return result;
      }
    }
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
    int discovery = dont ? PMTUDISC_DO : PMTUDISC_DONT; // the same numbers in ipv6(7)
    if (family == SocketAddresses.AF_INET6) {
      int result = option(SOL_IPV6, IPV6_MTU_DISCOVER, discovery);
      if (result < 0) {
        return result;
      }
    }
    return option(SOL_IP, IP_MTU_DISCOVER, discovery);
  }

  private int option(int level, int name, int value) {
    if (closed) {
      return -Errno.EBADF;
    }
    MemorySegment memory = ARGUMENT.get();
    memory.set(INT, VALUE, value);
    return InetCalls.setsockopt(fd, level, name, memory.address() + VALUE, 4);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      int _ = Libc.close(fd);
    }
  }
}
