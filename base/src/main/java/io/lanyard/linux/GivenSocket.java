package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A socket that another process has opened and handed over: what it is, and whether it can be used.
 *
 * @param isUnix whether it is a UNIX socket; else one of TCP
 */
public record GivenSocket(boolean isUnix) {
  private static final int SOL_SOCKET = 1;
  private static final int SO_TYPE = 3;
  private static final int SO_KEEPALIVE = 9;
  private static final int SO_DOMAIN = 39;
  private static final int SOCK_STREAM = 1;
  private static final int AF_UNIX = 1;
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;

  // tcp(7)
  private static final int IPPROTO_TCP = 6;
  private static final int TCP_NODELAY = 1;
  private static final int TCP_KEEPIDLE = 4;
  private static final int TCP_KEEPINTVL = 5;
  private static final int TCP_KEEPCNT = 6;
  private static final int TCP_USER_TIMEOUT = 18;

  /** Room for any address (struct sockaddr_storage), and its length. */
  private static final int NAME = 128;

  /**
   * Looks at a connected stream socket. Its flags and options stay its giver's to change, as long
   * as he has a descriptor of it: nothing here relies on them. {@link #receive} and {@link #send}
   * say with each call that they do not wait.
   *
   * @param descriptor the socket, which stays the caller's
   * @return what it is
   * @throws IllegalArgumentException if it is no such socket; the message says what it should be
   */
  public static GivenSocket stream(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      int type = option(arena, descriptor, SO_TYPE);
      if (type < 0) {
        throw new IllegalArgumentException("the descriptor is no socket; send a stream socket");
      }
      if (type != SOCK_STREAM) {
        throw new IllegalArgumentException(
            "the descriptor is no stream socket; send a UNIX or TCP stream socket");
      }
      int domain = option(arena, descriptor, SO_DOMAIN);
      if (domain != AF_UNIX && domain != AF_INET && domain != AF_INET6) {
        throw new IllegalArgumentException(
            "the socket is neither a UNIX nor a TCP socket; send one of these");
      }
      MemorySegment name = arena.allocate(NAME, 8);
      MemorySegment length = arena.allocate(ValueLayout.JAVA_INT);
      length.set(ValueLayout.JAVA_INT, 0, NAME);
      if (InetCalls.getpeername(descriptor, name.address(), length.address()) < 0) {
        throw new IllegalArgumentException(
            "the socket is not connected; connect it before it is sent");
      }
      return new GivenSocket(domain == AF_UNIX);
    }
  }

  /**
   * Has TCP send small frames at once, and notice a peer whose host has vanished.
   *
   * @param descriptor a TCP socket
   * @param seconds how long data may stay without an acknowledgement
   */
  public static void watchPeer(int descriptor, int seconds) {
    try (Arena arena = Arena.ofConfined()) {
      set(arena, descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
      set(arena, descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
      set(arena, descriptor, IPPROTO_TCP, TCP_KEEPIDLE, 10);
      set(arena, descriptor, IPPROTO_TCP, TCP_KEEPINTVL, 5);
      set(arena, descriptor, IPPROTO_TCP, TCP_KEEPCNT, 3);
      set(arena, descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000 * seconds);
    }
  }

  private static void set(Arena arena, int descriptor, int level, int name, int value) {
    MemorySegment place = arena.allocate(ValueLayout.JAVA_INT);
    place.set(ValueLayout.JAVA_INT, 0, value);
    int _ = InetCalls.setsockopt(descriptor, level, name, place.address(), Integer.BYTES);
  }

  /**
   * Reads what is there.
   *
   * @param descriptor the socket
   * @param address where to
   * @param length most bytes
   * @return bytes; 0 at the stream's end; -errno: EAGAIN if there is nothing now
   */
  public static int receive(int descriptor, long address, int length) {
    return InetCalls.recv(descriptor, address, length, MSG_DONTWAIT);
  }

  /**
   * Writes what there is room for.
   *
   * @param descriptor the socket
   * @param address where from
   * @param length most bytes
   * @return bytes; -errno: EAGAIN if there is no room now
   */
  public static int send(int descriptor, long address, int length) {
    return InetCalls.sendto(descriptor, address, length, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
  }

  private static int option(Arena arena, int descriptor, int name) {
    MemorySegment value = arena.allocate(8, 4);
    value.set(ValueLayout.JAVA_INT, 4, Integer.BYTES);
    int result =
        InetCalls.getsockopt(
            descriptor, SOL_SOCKET, name, value.address(), value.address() + Integer.BYTES);
    return result < 0 ? result : value.get(ValueLayout.JAVA_INT, 0);
  }
}
