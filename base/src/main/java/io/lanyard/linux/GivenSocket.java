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
  private static final int SO_RCVTIMEO = 20;
  private static final int SO_SNDTIMEO = 21;
  private static final int SO_DOMAIN = 39;
  private static final int SOCK_STREAM = 1;
  private static final int AF_UNIX = 1;
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final long FIONBIO = 0x5421;

  /** A struct timeval of the 64-bit ABIs. */
  private static final int TIMEVAL = 16;

  /** Room for any address (struct sockaddr_storage), and its length. */
  private static final int NAME = 128;

  /**
   * Looks at a connected stream socket, and lets it not block from now on. Whether it blocks is its
   * giver's to change as well, as long as he has a descriptor of it: so a call waits for the
   * shortest time that there is even then, a few milliseconds (SO_RCVTIMEO and SO_SNDTIMEO,
   * socket(7)), and ends as one that does not block.
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
      MemorySegment on = arena.allocate(ValueLayout.JAVA_INT);
      on.set(ValueLayout.JAVA_INT, 0, 1);
      int _ = Libc.ioctl(descriptor, FIONBIO, on.address());
      MemorySegment shortest = arena.allocate(TIMEVAL, 8);
      shortest.set(ValueLayout.JAVA_LONG, Long.BYTES, 1); // a microsecond, rounded up to a tick
      for (int way : new int[] {SO_RCVTIMEO, SO_SNDTIMEO}) {
        int _ = InetCalls.setsockopt(descriptor, SOL_SOCKET, way, shortest.address(), TIMEVAL);
      }
      return new GivenSocket(domain == AF_UNIX);
    }
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
