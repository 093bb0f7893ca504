package io.lanyard.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A packet socket on one interface (packet(7)): it takes the frames that come in by the interface
 * or that the host sends by it, and sends frames past the host's stack.
 *
 * <p>Frames have the 12-byte virtio-net header, so that unfinished checksums and super-frames pass
 * as they are. Before Linux 6.5 the kernel knows a header of 10 bytes only (no {@code
 * PACKET_VNET_HDR_SZ}); its last two are added here. The kernel takes the outermost VLAN tag out of
 * a frame and says it beside it (PACKET_AUXDATA): it is put back here.
 *
 * <p>The interface is promiscuous as long as the socket lives, unless the guests have its own
 * address. The frames that are for the host itself, and those that the host sends to anybody but
 * the guests ({@link #admit}), stay in the kernel: a filter drops them before they are copied
 * ({@link GuestFilter}). The socket does not see what it has sent.
 *
 * <p>Reads and writes never wait. Thread: one at a time.
 */
public final class PacketSocket {
  /**
   * The bytes in front of the first place of {@link #read} that belong to the socket: a frame whose
   * tag was put back begins there.
   */
  public static final int HEADROOM = 4;

  private static final int AF_PACKET = 17;
  private static final int SOCK_RAW = 3;
  private static final int ETH_P_ALL = 0x0003;
  private static final int ETH_P_8021Q = 0x8100;
  private static final int SOL_SOCKET = 1;
  private static final int SO_SNDBUF = 7;
  private static final int SO_RCVBUF = 8;
  private static final int SO_ATTACH_FILTER = 26;
  private static final int SO_SNDBUFFORCE = 32;
  private static final int SO_RCVBUFFORCE = 33;
  private static final int SOL_PACKET = 263;
  private static final int PACKET_ADD_MEMBERSHIP = 1;
  private static final int PACKET_STATISTICS = 6;
  private static final int PACKET_AUXDATA = 8;
  private static final int PACKET_VNET_HDR = 15;
  private static final int PACKET_VNET_HDR_SZ = 24;
  private static final int PACKET_MR_PROMISC = 1;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_TRUNC = 0x20;

  /** The header that frames have here, and the kernel's own before Linux 6.5. */
  private static final int HEADER = 12;

  private static final int SHORT_HEADER = 10;

  /** Header, destination and source: what moves to make room for a tag. */
  private static final int BEFORE_TAG = HEADER + 12;

  /** Some hundred super-frames: what comes while the loop serves others. */
  private static final int RECEIVE_BUFFER = 16 << 20;

  /** Some dozen super-frames on their way through the interface's queue. */
  private static final int SEND_BUFFER = 4 << 20;

  /** {@code struct tpacket_auxdata}: status, lengths, offsets, the tag's content and its type. */
  private static final int AUXDATA = 20;

  private static final int VLAN_TCI = 16;
  private static final int VLAN_TPID = 18;
  private static final int STATUS_VLAN_VALID = 0x10;
  private static final int STATUS_VLAN_TPID_VALID = 0x40;

  // Where the arguments lie: struct msghdr, two struct iovec, control data.
  private static final int VECTORS = 56;
  private static final int VECTOR = 16;
  private static final int MOST_VECTORS = 2;
  private static final int CONTROL = VECTORS + MOST_VECTORS * VECTOR;
  private static final int CONTROL_LENGTH = ControlMessages.HEADER + 24;
  private static final int STATISTICS = CONTROL + CONTROL_LENGTH;
  private static final int MEMORY = STATISTICS + 16;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfLong NETWORK_LONG = LONG.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt NETWORK_INT = INT.withOrder(ByteOrder.BIG_ENDIAN);

  private static final String PRIVILEGE =
      "the daemon needs the capability CAP_NET_RAW for packet sockets; run it as root or as the"
          + " system service";

  private final HostInterface at;
  private final int fd;
  private final int header;
  private final GuestFilter filter;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory = arena.allocate(MEMORY, 8);

  /** Where the frame begins that was read last, and by how much that is before its place. */
  private long start;

  private int lead;
  private boolean closed;

  private PacketSocket(HostInterface at, int fd, int header, GuestFilter filter) {
    this.at = at;
    this.fd = fd;
    this.header = header;
    this.filter = filter;
    memory.set(LONG, 16, memory.address() + VECTORS);
    memory.set(LONG, 32, memory.address() + CONTROL);
  }

  /**
   * Opens a socket on an interface.
   *
   * @param name the interface's name
   * @param namespace a network namespace's name or path, or null for the daemon's own
   * @return the socket
   * @throws IOException if it cannot be had; the message says what to do
   */
  public static PacketSocket open(String name, @Nullable String namespace) throws IOException {
    return NetworkNamespace.run(namespace, () -> open(HostInterface.read(name), false, 0));
  }

  /**
   * Opens a socket on an interface of the calling thread's namespace.
   *
   * @param at the interface
   * @param withHost whether frames for the host itself come in, too, since guests share its address
   * @param vlan the VLAN whose frames alone come in, with their tags; 0 for all
   * @return the socket
   * @throws ErrnoException if it cannot be had; the message says what to do
   */
  public static PacketSocket open(HostInterface at, boolean withHost, int vlan)
      throws ErrnoException {
    return open(at, withHost, vlan, false);
  }

  /**
   * Opens a socket on an interface of the calling thread's namespace.
   *
   * @param at the interface
   * @param withHost whether frames for the host itself come in, too, since guests share its address
   * @param vlan the VLAN whose frames alone come in, with their tags; 0 for all
   * @param shortHeader whether to do as before Linux 6.5
   * @return the socket
   * @throws ErrnoException if it cannot be had; the message says what to do
   */
  static PacketSocket open(HostInterface at, boolean withHost, int vlan, boolean shortHeader)
      throws ErrnoException {
    if (!at.isEthernet()) {
      throw new ErrnoException(
          "open a packet socket on " + at.name(),
          Errno.EINVAL,
          "it is no Ethernet interface; choose another one");
    }
    // No protocol yet: nothing comes in before the options are set.
    int fd =
        ErrnoException.check(
            Libc.socket(AF_PACKET, SOCK_RAW | Libc.O_NONBLOCK, 0),
            "open a packet socket",
            PRIVILEGE,
            "let the sandbox permit AF_PACKET");
    PacketSocket socket = null;
    try (Arena arena = Arena.ofConfined()) {
      GuestFilter filter = new GuestFilter(withHost, vlan);
      int header = configure(fd, at, arena, withHost, shortHeader, filter);
      PacketSocket made = new PacketSocket(at, fd, header, filter);
      made.bind(arena);
      socket = made;
      return made;
    } finally {
      if (socket == null) {
        Libc.close(fd);
      }
    }
  }

  /** Returns the length of the header that the kernel writes. */
  private static int configure(
      int fd,
      HostInterface at,
      Arena arena,
      boolean withHost,
      boolean shortHeader,
      GuestFilter filter)
      throws ErrnoException {
    int header = HEADER;
    if (shortHeader || set(fd, arena, SOL_PACKET, PACKET_VNET_HDR_SZ, HEADER) < 0) {
      header = SHORT_HEADER;
      require(set(fd, arena, SOL_PACKET, PACKET_VNET_HDR, 1), "PACKET_VNET_HDR", at);
    }
    require(set(fd, arena, SOL_PACKET, PACKET_AUXDATA, 1), "PACKET_AUXDATA", at);
    size(fd, arena, SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_BUFFER);
    size(fd, arena, SO_SNDBUFFORCE, SO_SNDBUF, SEND_BUFFER);
    require(attach(fd, arena, filter.program()), "SO_ATTACH_FILTER", at);
    if (!withHost) {
      promiscuous(fd, at, arena);
    }
    return header;
  }

  private static void promiscuous(int fd, HostInterface at, Arena arena) throws ErrnoException {
    MemorySegment membership = arena.allocate(16, 4); // struct packet_mreq
    membership.set(INT, 0, at.index());
    membership.set(SHORT, 4, (short) PACKET_MR_PROMISC);
    require(
        InetCalls.setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership.address(), 16),
        "make promiscuous",
        at);
  }

  private static void require(int result, String what, HostInterface at) throws ErrnoException {
    ErrnoException.check(result, what + " " + at.name(), PRIVILEGE, "the interface is gone");
  }

  private static int set(int fd, Arena arena, int level, int option, int value) {
    MemorySegment place = arena.allocate(ValueLayout.JAVA_INT);
    place.set(ValueLayout.JAVA_INT, 0, value);
    return InetCalls.setsockopt(fd, level, option, place.address(), Integer.BYTES);
  }

  /** Without CAP_NET_ADMIN the host's own limit holds. */
  private static void size(int fd, Arena arena, int forced, int usual, int bytes) {
    if (set(fd, arena, SOL_SOCKET, forced, bytes) < 0) {
      int _ = set(fd, arena, SOL_SOCKET, usual, bytes);
    }
  }

  /** Attaches a program in the place of the former one, if there was any. */
  private static int attach(int fd, Arena arena, long[] program) {
    MemorySegment code = arena.allocate(8L * program.length, 8);
    for (int i = 0; i < program.length; i++) {
      code.set(LONG, 8L * i, program[i]);
    }
    MemorySegment whole = arena.allocate(16, 8); // struct sock_fprog
    whole.set(SHORT, 0, (short) program.length);
    whole.set(LONG, 8, code.address());
    return InetCalls.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, whole.address(), 16);
  }

  private void bind(Arena arena) throws ErrnoException {
    MemorySegment address = arena.allocate(20, 4); // struct sockaddr_ll
    address.set(SHORT, 0, (short) AF_PACKET);
    address.set(SHORT.withOrder(ByteOrder.BIG_ENDIAN), 2, (short) ETH_P_ALL);
    address.set(INT, 4, at.index());
    require(InetCalls.bind(fd, address.address(), 20), "bind a packet socket to", at);
  }

  /**
   * The interface as it was when the socket was opened.
   *
   * @return the same for the life of the socket
   */
  public HostInterface at() {
    return at;
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
   * Reads one frame with its header, into several places one after the other.
   *
   * @param vectors where {@code struct iovec}s lie that say where to (readv(2)); in front of the
   *     first place, which takes the headers at least, are {@link #HEADROOM} bytes of room
   * @param count how many, at most two
   * @return bytes, or -errno: EAGAIN when there is none, ENETDOWN when the interface is down,
   *     EINVAL for a super-frame of a kind that the header has no name for
   */
  public int read(long vectors, int count) {
    lead = 0;
    if (closed) {
      return -Errno.EBADFD;
    }
    if (header == HEADER) {
      memory.set(LONG, 16, vectors);
    } else {
      MemorySegment.copy(Native.MEMORY, vectors, memory, VECTORS, (long) VECTOR * count);
      advance(VECTORS, HEADER - SHORT_HEADER);
    }
    memory.set(LONG, 24, count);
    memory.set(LONG, 40, CONTROL_LENGTH);
    int length = InetCalls.recvmsg(fd, memory.address(), MSG_DONTWAIT);
    if (length < 0) {
      return length;
    }
    if ((memory.get(INT, 48) & MSG_TRUNC) != 0) {
      return -Errno.EMSGSIZE;
    }
    long place = Native.MEMORY.get(LONG, vectors);
    start = place;
    if (header != HEADER) {
      length += lengthen(place);
    }
    int tag = tag();
    return tag == 0 ? length : length + putBack(tag, place);
  }

  /** Lets a vector begin later. */
  private void advance(int vector, int bytes) {
    memory.set(LONG, vector, memory.get(LONG, vector) + bytes);
    memory.set(LONG, vector + 8, memory.get(LONG, vector + 8) - bytes);
  }

  /** Moves a header of 10 bytes to where one of 12 begins. */
  private static int lengthen(long place) {
    int missing = HEADER - SHORT_HEADER;
    MemorySegment all = Native.MEMORY;
    all.set(LONG, place, all.get(LONG, place + missing));
    all.set(INT, place + 8, all.get(SHORT, place + HEADER - 2) & 0xffff);
    return missing;
  }

  /** The tag that the kernel took out of the frame, type and content; 0 for none. */
  private int tag() {
    long length = Math.min(memory.get(LONG, 40), CONTROL_LENGTH);
    long aux = ControlMessages.find(memory, CONTROL, length, SOL_PACKET, PACKET_AUXDATA, AUXDATA);
    if (aux < 0) {
      return 0;
    }
    int status = memory.get(INT, aux);
    if ((status & STATUS_VLAN_VALID) == 0) {
      return 0;
    }
    boolean typed = (status & STATUS_VLAN_TPID_VALID) != 0;
    int type = typed ? memory.get(SHORT, aux + VLAN_TPID) & 0xffff : ETH_P_8021Q;
    return type << 16 | (memory.get(SHORT, aux + VLAN_TCI) & 0xffff);
  }

  /** Puts a tag behind the addresses. What the header counts begins a tag later then. */
  private int putBack(int tag, long place) {
    MemorySegment all = Native.MEMORY;
    MemorySegment.copy(all, place, all, place - HEADROOM, BEFORE_TAG);
    start = place - HEADROOM;
    all.set(NETWORK_INT, start + BEFORE_TAG, tag);
    if ((all.get(ValueLayout.JAVA_BYTE, start) & 1) != 0) { // NEEDS_CSUM: csum_start
      add(all, start + 6);
    }
    if (all.get(ValueLayout.JAVA_BYTE, start + 1) != 0) { // a super-frame: hdr_len
      add(all, start + 2);
    }
    lead = HEADROOM;
    return HEADROOM;
  }

  private static void add(MemorySegment all, long field) {
    all.set(SHORT, field, (short) (all.get(SHORT, field) + HEADROOM));
  }

  /**
   * Where the frame begins that was read last.
   *
   * @return bytes before the first place: {@link #HEADROOM} if a tag was put back, else 0
   */
  public int lead() {
    return lead;
  }

  /**
   * The source address of the frame that was read last.
   *
   * @return the low 48 bits; the frame's memory must still be there
   */
  public long source() {
    return Native.MEMORY.get(NETWORK_LONG, start + HEADER + 4) & 0xffff_ffff_ffffL;
  }

  /**
   * Whether the kernel cuts UDP super-frames that are sent by it (Linux 6.2; it says so from 6.5
   * on, by its longer header).
   *
   * @return whether it certainly does
   */
  public boolean uso() {
    return header == HEADER;
  }

  /**
   * Lets frames that the host sends to a guest come in from now on. Those to groups always do.
   *
   * @param mac the guest's address, the low 48 bits, as the source of what it sends
   */
  public void admit(long mac) {
    if (!closed && filter.add(mac)) {
      try (Arena own = Arena.ofConfined()) {
        // Where it fails, the former one goes on, and the host does not reach this guest.
        int _ = attach(fd, own, filter.program());
      }
    }
  }

  /**
   * Sends one frame with its header.
   *
   * @param address where from
   * @param length bytes
   * @return bytes, or -errno: ENETDOWN when the interface is down, ENXIO when it is gone, ENOBUFS
   *     when its queue is full, EMSGSIZE for a frame that is too long for it
   */
  public int write(long address, int length) {
    if (closed) {
      return -Errno.EBADFD;
    }
    if (header == HEADER) {
      return InetCalls.sendto(fd, address, length, MSG_DONTWAIT, 0, 0);
    }
    memory.set(LONG, VECTORS, address);
    memory.set(LONG, VECTORS + 8, SHORT_HEADER);
    memory.set(LONG, VECTORS + VECTOR, address + HEADER);
    memory.set(LONG, VECTORS + VECTOR + 8, length - HEADER);
    memory.set(LONG, 24, 2);
    memory.set(LONG, 40, 0);
    int sent = InetCalls.sendmsg(fd, memory.address(), MSG_DONTWAIT);
    return sent < 0 ? sent : sent + HEADER - SHORT_HEADER;
  }

  /**
   * The frames that the socket's buffer had no room for.
   *
   * @return since the last call
   */
  public int missed() {
    if (closed) {
      return 0;
    }
    long place = memory.address() + STATISTICS; // struct tpacket_stats, and its length
    memory.set(INT, STATISTICS + 8, 8);
    int result = InetCalls.getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, place, place + 8);
    return result < 0 ? 0 : memory.get(INT, STATISTICS + 4);
  }

  /** Closes the socket; a second call does nothing. */
  public void close() {
    if (!closed) {
      closed = true;
      Libc.close(fd);
      arena.close();
    }
  }
}
