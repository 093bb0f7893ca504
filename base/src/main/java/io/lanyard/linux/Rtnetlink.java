package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The host's own addresses, kept fresh by the kernel (rtnetlink(7)).
 *
 * <p>The socket joins the kernel's news about addresses and then asks for all there are, so that
 * nothing falls between. It is readable when there are news. Where some were lost (the socket's
 * buffer was full), or a list was interrupted by a change, all addresses are asked for again;
 * meanwhile the former ones hold.
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
  private final MemorySegment memory = arena.allocate(DATA + BUFFER, 8);
  private final Reader reader = new Reader();
  private Set<HostAddress> addresses = Set.of();
  private @Nullable Set<HostAddress> listed;
  private int sequence;
  private boolean complete;
  private boolean changed;
  private boolean again;
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
    int fd =
        ErrnoException.check(
            Libc.socket(AF_NETLINK, SOCK_RAW | Libc.O_NONBLOCK | Libc.O_CLOEXEC, NETLINK_ROUTE),
            "open a netlink socket",
            SANDBOX,
            SANDBOX);
    Rtnetlink socket = new Rtnetlink(fd);
    boolean done = false;
    try {
      socket.name(GROUP_IPV4_ADDRESS | GROUP_IPV6_ADDRESS);
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

  private void name(int groups) {
    memory.asSlice(0, NAME_LENGTH).fill((byte) 0);
    memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) AF_NETLINK);
    memory.set(INT, 8, groups);
  }

  private int ask() {
    again = false;
    listed = new HashSet<>();
    ByteBuffer request = AddressMessages.request(++sequence);
    int length = request.remaining();
    MemorySegment.copy(MemorySegment.ofBuffer(request), 0, memory, DATA, length);
    name(0);
    int sent =
        InetCalls.sendto(
            fd, memory.address() + DATA, length, MSG_DONTWAIT, memory.address(), NAME_LENGTH);
    if (sent < 0) {
      listed = null;
      again = true;
    }
    return sent;
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

  /**
   * Reads what has come, up to a few datagrams.
   *
   * @return whether {@link #addresses} has changed
   */
  public boolean read() {
    changed = false;
    drain();
    if (again && listed == null && !closed && ask() >= 0) {
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
        again |= !AddressMessages.read(data(length), reader);
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
      Set<HostAddress> list = listed;
      if (list != null) {
        put(list, present, address);
      }
      if (complete && addresses.contains(address) != present) {
        Set<HostAddress> next = new HashSet<>(addresses);
        put(next, present, address);
        addresses = next;
        changed = true;
      }
    }

    private static void put(Set<HostAddress> into, boolean present, HostAddress address) {
      if (present) {
        into.add(address);
      } else {
        into.remove(address);
      }
    }

    @Override
    public void done(int from, boolean consistent) {
      Set<HostAddress> list = listed;
      if (from != sequence || list == null) {
        return;
      }
      listed = null;
      if (!consistent) {
        again = true;
        return;
      }
      changed |= !complete || !addresses.equals(list);
      complete = true;
      addresses = list;
    }

    @Override
    public void failed(int from) {
      if (from == sequence) {
        listed = null;
      }
      again = true;
    }
  }
}
