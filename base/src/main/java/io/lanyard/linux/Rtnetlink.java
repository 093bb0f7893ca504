package io.lanyard.linux;

import io.lanyard.net.Subnet;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The host's own addresses, and what else the kernel delivers to the host itself (local routes, as
 * {@code ip route add local 10.50.0.0/24 dev lo} makes them), kept fresh by the kernel
 * (rtnetlink(7)).
 *
 * <p>The socket joins the kernel's news and then asks for all there are, first for addresses and
 * then for routes, so that nothing falls between. It is readable when there are news. Where some
 * were lost (the socket's buffer was full), or a list was interrupted by a change, all is asked for
 * again; meanwhile the former holds. So it is where something has gone: a route by another device
 * or with another metric may lead to the same destination, and the messages that are read here do
 * not tell one from the other. What may still be the host's is not forgotten before the kernel's
 * list says so.
 *
 * <p>The addresses are those of the network namespace of the thread that opens the socket. No
 * privilege is needed.
 *
 * <p>Thread: one at a time, the loop's.
 */
public final class Rtnetlink implements AutoCloseable {
  private static final String SANDBOX = "let the sandbox permit AF_NETLINK";

  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW = 3;
  private static final int NETLINK_ROUTE = 0;
  private static final int GROUP_IPV4_ADDRESS = 0x10;
  private static final int GROUP_IPV6_ADDRESS = 0x100;
  private static final int GROUP_IPV4_ROUTE = 0x40;
  private static final int GROUP_IPV6_ROUTE = 0x400;
  private static final int SOL_NETLINK = 270;

  /** Lets the kernel filter the list of routes by table. */
  private static final int NETLINK_GET_STRICT_CHK = 12;

  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_TRUNC = 0x20;

  /** The kernel's own: its messages come from port 0, those of other processes do not. */
  private static final int KERNEL = 0;

  /** The kernel makes datagrams of a list as large as the reader's buffer, 32 KiB at most. */
  private static final int BUFFER = 64 << 10;

  private static final int NAME_LENGTH = 12;

  // Where the arguments lie: struct sockaddr_nl, struct msghdr, struct iovec, the data.
  private static final int MESSAGE = 16;
  private static final int VECTOR = MESSAGE + 56;
  private static final int DATA = VECTOR + 16;

  /** After so many datagrams others get their turn. */
  private static final int MOST = 64;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private final int fd;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory = Mapping.anonymous(arena, DATA + BUFFER);
  private final Reader reader = new Reader();
  private Set<HostAddress> addresses = Set.of();
  private Set<Subnet> routes = Set.of();

  // The entries listed so far; null while no list is under way.
  private @Nullable Set<HostAddress> listed;
  private @Nullable Set<Subnet> listedRoutes;

  /** Whether the addresses are listed, so that the list under way is that of the routes. */
  private boolean asksRoutes;

  /** Whether the routes are to be asked for. */
  private boolean routesNext;

  private int sequence;
  private boolean complete;
  private boolean changed;
  private boolean again;

  /** Whether the kernel has refused a list since {@link #read} was called. */
  private boolean refused;

  private boolean closed;

  private Rtnetlink(int fd) {
    this.fd = fd;
    memory.set(LONG, MESSAGE, memory.address());
    memory.set(LONG, MESSAGE + 16, memory.address() + VECTOR);
    memory.set(LONG, MESSAGE + 24, 1);
    memory.set(LONG, VECTOR, memory.address() + DATA);
    memory.set(LONG, VECTOR + 8, BUFFER);
  }

  /**
   * Opens the socket and reads the addresses that there are.
   *
   * @return the socket, mostly {@link #complete} already
   * @throws ErrnoException the kernel gives no such socket
   */
  public static Rtnetlink open() throws ErrnoException {
    return open(NETLINK_ROUTE);
  }

  /** Opens a socket of any protocol of netlink: in tests, of one that refuses the requests. */
  static Rtnetlink open(int protocol) throws ErrnoException {
    int fd =
        ErrnoException.check(
            Libc.socket(AF_NETLINK, SOCK_RAW | Libc.O_NONBLOCK | Libc.O_CLOEXEC, protocol),
            "open a netlink socket",
            SANDBOX,
            SANDBOX);
    Rtnetlink socket = new Rtnetlink(fd);
    boolean done = false;
    try {
      socket.checkStrictly();
      socket.name(GROUP_IPV4_ADDRESS | GROUP_IPV6_ADDRESS | GROUP_IPV4_ROUTE | GROUP_IPV6_ROUTE);
      ErrnoException.check(
          InetCalls.bind(fd, socket.memory.address(), NAME_LENGTH),
          "join the kernel's news about addresses",
          SANDBOX,
          SANDBOX);
      ErrnoException.check(
          socket.ask(), "ask the kernel for the host's addresses", SANDBOX, SANDBOX);
      socket.read();
      done = true;
      return socket;
    } finally {
      if (!done) {
        socket.close();
      }
    }
  }

  /** Before Linux 4.20 there is no such option: all routes are listed, and read past. */
  private void checkStrictly() {
    memory.set(INT, DATA, 1);
    int _ =
        InetCalls.setsockopt(
            fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, memory.address() + DATA, Integer.BYTES);
  }

  private void name(int groups) {
    memory.asSlice(0, NAME_LENGTH).fill((byte) 0);
    memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) AF_NETLINK);
    memory.set(INT, 8, groups);
  }

  private int ask() {
    again = false;
    listed = new HashSet<>();
    listedRoutes = new HashSet<>();
    asksRoutes = false;
    return send(AddressMessages.request(++sequence));
  }

  private int send(ByteBuffer request) {
    routesNext = false;
    int length = request.remaining();
    data(length).put(request);
    name(0);
    int sent =
        InetCalls.sendto(
            fd, memory.address() + DATA, length, MSG_DONTWAIT, memory.address(), NAME_LENGTH);
    if (sent < 0) {
      startOver();
    }
    return sent;
  }

  private void startOver() {
    listed = null;
    listedRoutes = null;
    routesNext = false;
    again = true;
  }

  /**
   * The descriptor, for the loop to watch: readable when there are news.
   *
   * @return its number
   */
  public int fd() {
    return fd;
  }

  /**
   * The host's addresses.
   *
   * @return a snapshot; what was known last until a new list is complete
   */
  public Set<HostAddress> addresses() {
    return Set.copyOf(addresses);
  }

  /**
   * The destinations that the kernel delivers to the host itself: its addresses, and its local
   * routes, which mostly are the same.
   *
   * @return a snapshot, each once; what was known last until a new list is complete
   */
  public Set<Subnet> local() {
    Set<Subnet> all = new HashSet<>(routes);
    for (HostAddress address : addresses) {
      all.add(address.local());
    }
    return all;
  }

  /**
   * Whether a whole list has been read.
   *
   * @return false while the addresses are not known yet
   */
  public boolean complete() {
    return complete;
  }

  /**
   * Whether something is still to come without being news: a list, or an answer that says why there
   * is none. {@link #read} is called again after a moment then.
   *
   * @return false in the usual state
   */
  public boolean stale() {
    return !complete || again || listed != null;
  }

  /** The requests that were made so far. */
  int asked() {
    return sequence;
  }

  /**
   * Reads what has come, up to a few datagrams, and asks for the lists again where that is needed:
   * once, and not where the kernel has just refused to give them. Then {@link #stale} is true.
   *
   * @return whether {@link #addresses} or {@link #local} has changed
   */
  public boolean read() {
    changed = false;
    refused = false;
    drain();
    boolean asked = false;
    while (!closed) {
      if (routesNext) {
        if (send(AddressMessages.routesRequest(++sequence)) < 0) {
          break;
        }
      } else if (again && listed == null && !refused && !asked) {
        // Once: a refusal is queued at once, so that this loop would go round without end.
        asked = true;
        if (ask() < 0) {
          break;
        }
      } else {
        break;
      }
      drain();
    }
    return changed;
  }

  private void drain() {
    for (int i = 0; i < MOST && !closed; i++) {
      int length = receive();
      if (length == -Errno.EAGAIN || length == -Errno.EINTR) {
        return;
      }
      if (length < 0 || (memory.get(INT, MESSAGE + 48) & MSG_TRUNC) != 0) {
        // ENOBUFS: news were lost.
        again = true;
      } else if (memory.get(INT, 4) == KERNEL) {
        boolean whole = AddressMessages.read(data(length), reader); // which may ask again, too
        again |= !whole;
      }
    }
  }

  private int receive() {
    memory.set(INT, MESSAGE + 8, NAME_LENGTH);
    memory.set(INT, 4, -1);
    memory.set(INT, MESSAGE + 48, 0);
    return InetCalls.recvmsg(fd, memory.address() + MESSAGE, MSG_DONTWAIT);
  }

  private ByteBuffer data(int length) {
    return memory.asSlice(DATA, length).asByteBuffer();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      int _ = Libc.close(fd);
      arena.close();
    }
  }

  private final class Reader implements AddressMessages.Listener {
    @Override
    public void listed(HostAddress address) {
      Set<HostAddress> list = listed;
      if (list != null) {
        list.add(address);
      }
    }

    @Override
    public void changed(boolean present, HostAddress address) {
      if (!present) {
        again = true;
        return;
      }
      Set<HostAddress> list = listed;
      if (list != null) {
        list.add(address);
      }
      if (complete && !addresses.contains(address)) {
        Set<HostAddress> next = new HashSet<>(addresses);
        next.add(address);
        addresses = next;
        changed = true;
      }
    }

    @Override
    public void listed(Subnet route) {
      Set<Subnet> list = listedRoutes;
      if (list != null) {
        list.add(route);
      }
    }

    @Override
    public void changed(boolean present, Subnet route) {
      if (!present) {
        again = true;
        return;
      }
      Set<Subnet> list = listedRoutes;
      if (list != null) {
        list.add(route);
      }
      if (complete && !routes.contains(route)) {
        Set<Subnet> next = new HashSet<>(routes);
        next.add(route);
        routes = next;
        changed = true;
      }
    }

    @Override
    public void done(int from, boolean consistent) {
      Set<HostAddress> list = listed;
      Set<Subnet> listOfRoutes = listedRoutes;
      if (from != sequence || list == null || listOfRoutes == null) {
        return;
      }
      if (!consistent) {
        startOver();
        return;
      }
      if (!asksRoutes) {
        asksRoutes = true;
        routesNext = true;
        return;
      }
      listed = null;
      listedRoutes = null;
      changed |= !complete || !addresses.equals(list) || !routes.equals(listOfRoutes);
      complete = true;
      addresses = list;
      routes = listOfRoutes;
    }

    @Override
    public void failed(int from) {
      if (from == sequence) {
        startOver();
      }
      again = true;
      refused = true;
    }
  }
}
