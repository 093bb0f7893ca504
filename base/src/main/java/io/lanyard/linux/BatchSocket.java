package io.lanyard.linux;

import io.lanyard.net.Endpoint;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * A socket that keeps the boundaries of messages, not blocking: UDP, UNIX datagram, or UNIX
 * seqpacket. Messages go both ways in batches.
 *
 * <p>{@link InetDatagram} differs in what it tells of each datagram (errors of the path, the local
 * address), which an address translator needs.
 *
 * <p>Thread: one at a time. Calls that can fail while traffic flows return an error number negated
 * ({@link Errno}) instead of throwing.
 */
public final class BatchSocket implements AutoCloseable {
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_SEQPACKET = 5;
  private static final int SOL_SOCKET = 1;
  private static final int SO_SNDBUF = 7;
  private static final int SO_RCVBUF = 8;
  private static final int SO_PASSCRED = 16;
  private static final int SO_SNDBUFFORCE = 32;
  private static final int SO_RCVBUFFORCE = 33;
  private static final int SOL_IP = 0;
  private static final int IP_MTU_DISCOVER = 10;
  private static final int SOL_IPV6 = 41;
  private static final int IPV6_MTU_DISCOVER = 23;
  private static final int PMTUDISC_DONT = 0;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int BACKLOG = 16;

  private static final String FREE = "choose an address of this host, and a port that is free";
  private static final String ADVICE = "choose another path, or check the directory";

  private final int fd;

  /** The address and port that it shares with others; null for a socket that is alone. */
  private final @Nullable Endpoint shared;

  private boolean closed;

  private BatchSocket(int fd) {
    this(fd, null);
  }

  private BatchSocket(int fd, @Nullable Endpoint shared) {
    this.fd = fd;
    this.shared = shared;
  }

  /**
   * Opens a UNIX datagram socket.
   *
   * @param at its path, which must not be there
   * @return a socket; the caller removes its file
   * @throws ErrnoException with the error number: EADDRINUSE, EACCES, ENOENT...
   */
  public static BatchSocket unixDatagram(SocketName at) throws ErrnoException {
    BatchSocket socket = open(SocketName.AF_UNIX, SOCK_DGRAM);
    socket.bindOrClose(at, ADVICE);
    return socket;
  }

  /**
   * Opens a UDP socket. The host and routers may fragment what it sends.
   *
   * @param at the local address and port
   * @return a socket
   * @throws ErrnoException with the error number: EADDRINUSE, EADDRNOTAVAIL...
   */
  public static BatchSocket udp(Endpoint at) throws ErrnoException {
    SocketName name = SocketName.of(at);
    BatchSocket socket = open(name.family(), SOCK_DGRAM);
    socket.letFragment(name);
    socket.bindOrClose(name, FREE);
    return socket;
  }

  /**
   * Opens a UDP socket that shares its address and port with others of this process. It gets the
   * datagrams whose second word has its key in the upper 24 bits, as VXLAN's network identifier
   * (RFC 7348 section 5), and perhaps some that have nobody's.
   *
   * @param at the local address and port
   * @param key 24 bits
   * @return a socket
   * @throws ErrnoException as for {@link #udp(Endpoint)}
   */
  public static BatchSocket udp(Endpoint at, int key) throws ErrnoException {
    SocketName name = SocketName.of(at);
    BatchSocket socket = open(name.family(), SOCK_DGRAM);
    socket.letFragment(name);
    int result = UdpGroup.join(socket.fd, at, key);
    if (result < 0) {
      UdpGroup.leave(socket.fd, at);
      throw new ErrnoException("bind " + name, -result, FREE);
    }
    return new BatchSocket(socket.fd, at);
  }

  private void letFragment(SocketName name) {
    boolean ipv4 = name.family() == SocketAddresses.AF_INET;
    int _ =
        option(ipv4 ? SOL_IP : SOL_IPV6, ipv4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, PMTUDISC_DONT);
  }

  /**
   * Opens a UNIX seqpacket socket that waits for clients.
   *
   * @param at its path, which must not be there
   * @return a socket for {@link #accept}; the caller removes its file
   * @throws ErrnoException as for {@link #unixDatagram}
   */
  public static BatchSocket listenPackets(SocketName at) throws ErrnoException {
    BatchSocket socket = open(SocketName.AF_UNIX, SOCK_SEQPACKET);
    socket.bindOrClose(at, ADVICE);
    int result = InetCalls.listen(socket.fd, BACKLOG);
    if (result < 0) {
      socket.close();
      throw new ErrnoException("listen on " + at, -result);
    }
    return socket;
  }

  /**
   * Connects to a UNIX seqpacket socket.
   *
   * @param to its path
   * @return a socket
   * @throws ErrnoException with the error number: ENOENT, ECONNREFUSED, EAGAIN...
   */
  public static BatchSocket connectPackets(SocketName to) throws ErrnoException {
    BatchSocket socket = open(SocketName.AF_UNIX, SOCK_SEQPACKET);
    int result = socket.connect(to);
    if (result < 0) {
      socket.close();
      throw new ErrnoException("connect to " + to, -result);
    }
    return socket;
  }

  /**
   * Takes over a descriptor.
   *
   * @param fd a socket that does not block, which this object closes
   * @return a socket
   */
  public static BatchSocket of(int fd) {
    return new BatchSocket(fd);
  }

  /**
   * Whether somebody has a UNIX datagram socket open. Sends nothing.
   *
   * @param name its name
   * @return true too where it takes messages of another socket alone
   */
  public static boolean isOpen(SocketName name) {
    int fd = Libc.socket(SocketName.AF_UNIX, SOCK_DGRAM | Libc.O_NONBLOCK, 0);
    if (fd < 0) {
      return true; // nobody knows
    }
    int result = InetCalls.connect(fd, name.address(), name.length());
    int _ = Libc.close(fd);
    return result == 0 || result == -Errno.EPERM; // EPERM: it is connected to another
  }

  private static BatchSocket open(int family, int type) throws ErrnoException {
    int fd = Libc.socket(family, type | Libc.O_NONBLOCK, 0);
    if (fd < 0) {
      throw new ErrnoException("open a socket", -fd);
    }
    return new BatchSocket(fd);
  }

  private void bindOrClose(SocketName at, String advice) throws ErrnoException {
    int result = InetCalls.bind(fd, at.address(), at.length());
    if (result < 0) {
      close();
      throw new ErrnoException("bind " + at, -result, advice);
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
   * Makes one other socket the receiver of all messages, and of a UNIX socket the only sender.
   *
   * @param peer the other socket
   * @return 0, or an error number negated
   */
  public int connect(SocketName peer) {
    return closed ? -Errno.EBADF : InetCalls.connect(fd, peer.address(), peer.length());
  }

  /**
   * Accepts a client of a socket that listens.
   *
   * @return a descriptor that does not block, for {@link #of}; or an error number negated, EAGAIN
   *     where there is none
   */
  public int accept() {
    return closed ? -Errno.EBADF : InetCalls.accept4(fd, Libc.O_NONBLOCK | Libc.O_CLOEXEC);
  }

  /**
   * Asks for larger buffers in the kernel than the host gives by itself.
   *
   * @param send bytes to send; what the host limits it to without CAP_NET_ADMIN
   * @param receive bytes to receive, likewise
   */
  public void buffers(int send, int receive) {
    if (option(SOL_SOCKET, SO_SNDBUFFORCE, send) < 0) {
      int _ = option(SOL_SOCKET, SO_SNDBUF, send);
    }
    if (option(SOL_SOCKET, SO_RCVBUFFORCE, receive) < 0) {
      int _ = option(SOL_SOCKET, SO_RCVBUF, receive);
    }
  }

  /**
   * Has the kernel say with each message of a UNIX socket which user sends it: {@link
   * DatagramBatch#user}.
   *
   * @throws ErrnoException if it refuses
   */
  public void tellUsers() throws ErrnoException {
    int result = option(SOL_SOCKET, SO_PASSCRED, 1);
    if (result < 0) {
      throw new ErrnoException("ask for the senders' users", -result);
    }
  }

  private int option(int level, int name, int value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(4, 4);
      memory.set(ValueLayout.JAVA_INT, 0, value);
      return InetCalls.setsockopt(fd, level, name, memory.address(), 4);
    }
  }

  /**
   * Receives a burst.
   *
   * @param batch its slots are filled from the first on
   * @return how many messages came, 0 if none waits, or an error number negated; a seqpacket socket
   *     whose peer is gone receives messages of length 0
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
   * Sends messages.
   *
   * @param batch where they are
   * @param from the first slot
   * @param count how many, at least 1
   * @return how many were sent, at least 1; or the error number of the first one, negated
   */
  public int send(SendBatch batch, int from, int count) {
    return closed
        ? -Errno.EBADF
        : InetCalls.sendmmsg(fd, batch.header(from), count, MSG_DONTWAIT | MSG_NOSIGNAL);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      if (shared == null) {
        int _ = Libc.close(fd);
      } else {
        UdpGroup.leave(fd, shared);
      }
    }
  }
}
