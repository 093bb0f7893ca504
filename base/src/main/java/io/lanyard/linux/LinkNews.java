package io.lanyard.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * A netlink socket that becomes readable when an interface of its namespace has changed, or a route
 * (rtnetlink(7)).
 *
 * <p>What the kernel says is not looked at: its reader looks at the interface instead ({@link
 * HostInterface#read}), so that lost news (ENOBUFS) cost nothing. No privilege is needed.
 *
 * <p>Thread: one at a time, the loop's.
 */
public final class LinkNews implements AutoCloseable {
  private static final String SANDBOX = "let the sandbox permit AF_NETLINK";
  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW = 3;
  private static final int NETLINK_ROUTE = 0;
  private static final int GROUP_LINK = 0x1;
  private static final int GROUP_IPV4_ROUTE = 0x40;
  private static final int GROUP_IPV6_ROUTE = 0x400;
  private static final int NAME_LENGTH = 12;
  private static final int MSG_DONTWAIT = 0x40;

  /** Messages a call: others get their turn after so many. */
  private static final int MOST = 64;

  private static final int STRUCT_MSGHDR = 56;

  private final int fd;
  private final Arena arena = Arena.ofShared();

  /** A message without room for data: what is read is cut off. */
  private final MemorySegment nothing = arena.allocate(STRUCT_MSGHDR, 8);

  private boolean closed;

  private LinkNews(int fd) {
    this.fd = fd;
  }

  /**
   * Opens the socket.
   *
   * @param namespace a network namespace's name or path, or null for the daemon's own
   * @param routes whether routes count
   * @return the socket
   * @throws IOException if it cannot be had; the message says what to do
   */
  public static LinkNews open(@Nullable String namespace, boolean routes) throws IOException {
    return NetworkNamespace.run(namespace, () -> open(routes));
  }

  private static LinkNews open(boolean routes) throws ErrnoException {
    int fd =
        ErrnoException.check(
            Libc.socket(AF_NETLINK, SOCK_RAW | Libc.O_NONBLOCK, NETLINK_ROUTE),
            "open a netlink socket",
            SANDBOX,
            SANDBOX);
    boolean done = false;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(NAME_LENGTH, 4);
      name.set(ValueLayout.JAVA_SHORT, 0, (short) AF_NETLINK);
      name.set(
          ValueLayout.JAVA_INT, 8, GROUP_LINK | (routes ? GROUP_IPV4_ROUTE | GROUP_IPV6_ROUTE : 0));
      ErrnoException.check(
          InetCalls.bind(fd, name.address(), NAME_LENGTH),
          "join the kernel's news about interfaces",
          SANDBOX,
          SANDBOX);
      LinkNews news = new LinkNews(fd);
      done = true;
      return news;
    } finally {
      if (!done) {
        Libc.close(fd);
      }
    }
  }

  /**
   * The descriptor, for the loop to watch: readable when there are news.
   *
   * @return its number
   */
  public int fd() {
    return fd;
  }

  /** Forgets the news that have come, up to a few. */
  public void drain() {
    for (int i = 0; i < MOST && !closed; i++) {
      int length = InetCalls.recvmsg(fd, nothing.address(), MSG_DONTWAIT);
      if (length == -Errno.EAGAIN) {
        return;
      }
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Libc.close(fd);
      arena.close();
    }
  }
}
