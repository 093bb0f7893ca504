package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a burst of datagrams: one {@code recvmmsg} fills as many slots as there are
 * datagrams, and one batch may serve all sockets of a loop.
 *
 * <p>A slot has a buffer of its owner's, which takes the head of a datagram, and an overflow of the
 * batch's own behind it, which takes what does not fit there. So buffers can be as small as nearly
 * all datagrams are, and a large one is still whole.
 *
 * <p>Thread: one at a time.
 */
public final class DatagramBatch implements AutoCloseable {
  /** The bytes of a slot's overflow: the largest UDP payload over IPv4, rounded up. */
  public static final int OVERFLOW = 65536;

  // struct mmsghdr and struct iovec of the 64-bit ABIs (recvmmsg(2)), and a socket address.
  static final int HEADER = 64;
  private static final int IOVEC = 16;

  /** Room for a socket address of any family here; that of UNIX is the longest (unix(7)). */
  private static final int NAME = 112;

  private static final int ERROR_CONTROL = 256;

  /**
   * All that a datagram can bring: the size of coalesced datagrams, and the address that it came
   * to; of a UNIX socket's, the sender's user, which is less.
   */
  private static final int CONTROL =
      ControlMessages.SEGMENT + ControlMessages.IPV4_INFO + ControlMessages.IPV6_INFO;

  private static final int NAME_LENGTH_AT = 8;
  private static final int IOV_AT = 16;
  private static final int IOV_COUNT_AT = 24;
  private static final int CONTROL_AT = 32;
  private static final int CONTROL_LENGTH_AT = 40;
  private static final int FLAGS_AT = 48;
  private static final int RECEIVED_AT = 56;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  private final Arena arena = Arena.ofShared();
  private final int slots;
  private final MemorySegment headers;
  private final MemorySegment vectors;
  private final MemorySegment names;
  private final MemorySegment overflow;
  private final MemorySegment errorControl;
  private final MemorySegment control;

  /**
   * Makes a batch whose slots have no buffers yet.
   *
   * @param slots the most datagrams a burst
   */
  public DatagramBatch(int slots) {
    this.slots = slots;
    headers = arena.allocate((long) HEADER * slots, 8);
    vectors = arena.allocate(2L * IOVEC * slots, 8);
    names = arena.allocate((long) NAME * slots, 8);
    // Touched only where a datagram is large: mostly not resident.
    overflow = Mapping.anonymous(arena, (long) OVERFLOW * slots);
    errorControl = arena.allocate(ERROR_CONTROL, 8);
    control = arena.allocate((long) CONTROL * slots, 8);
    for (int i = 0; i < slots; i++) {
      long header = (long) HEADER * i;
      headers.set(LONG, header, names.address() + (long) NAME * i);
      headers.set(LONG, header + IOV_AT, vectors.address() + 2L * IOVEC * i);
      headers.set(LONG, header + IOV_COUNT_AT, 2);
      headers.set(LONG, header + CONTROL_AT, control.address() + (long) CONTROL * i);
      long second = 2L * IOVEC * i + IOVEC;
      vectors.set(LONG, second, overflow.address() + (long) OVERFLOW * i);
      vectors.set(LONG, second + 8, OVERFLOW);
    }
  }

  /**
   * How many slots there are.
   *
   * @return the most datagrams a burst
   */
  public int slots() {
    return slots;
  }

  /**
   * Gives a slot its buffer. It stays for all following bursts.
   *
   * @param slot which slot
   * @param address where the buffer begins; it must stay valid
   * @param length its bytes
   */
  public void buffer(int slot, long address, int length) {
    long at = 2L * IOVEC * slot;
    vectors.set(LONG, at, address);
    vectors.set(LONG, at + 8, length);
  }

  /**
   * The length of a received datagram.
   *
   * @param slot which slot
   * @return bytes, those in the overflow included
   */
  public int length(int slot) {
    return headers.get(INT, (long) HEADER * slot + RECEIVED_AT);
  }

  /**
   * The size of the datagrams in a slot, if the kernel has coalesced several (UDP_GRO, udp(7)).
   *
   * @param slot which slot
   * @return bytes of each of them, of which the last may have fewer; 0 for a single datagram
   */
  public int segment(int slot) {
    long at =
        ControlMessages.find(
            control,
            (long) CONTROL * slot,
            controlLength(slot),
            ControlMessages.SOL_UDP,
            ControlMessages.UDP_GRO,
            Integer.BYTES);
    return at < 0 ? 0 : control.get(INT, at);
  }

  private long controlLength(int slot) {
    return Math.min(headers.get(LONG, (long) HEADER * slot + CONTROL_LENGTH_AT), CONTROL);
  }

  /**
   * Where a datagram came from, and which address it came to.
   *
   * @param slot which slot
   * @param ends gets the sender's endpoint, and of a socket that {@link InetDatagram#listen
   *     listens} on all addresses the one that an answer has to come from
   */
  public void ends(int slot, DatagramEnds ends) {
    SocketAddresses.read(names, (long) NAME * slot, ends);
    long length = controlLength(slot);
    if (length > 0) {
      ControlMessages.local(control, (long) CONTROL * slot, length, false, ends);
    }
  }

  /**
   * Whether a datagram came from a certain socket.
   *
   * @param slot which slot
   * @param name the socket's address
   * @return false too where the sender has no address
   */
  public boolean isFrom(int slot, SocketName name) {
    return name.is(names, (long) NAME * slot, nameLength(slot));
  }

  /**
   * The address of a datagram's sender.
   *
   * @param slot which slot
   * @return a new object; null where the sender has no address, as an unbound UNIX socket
   */
  public @Nullable SocketName sender(int slot) {
    return SocketName.copy(names, (long) NAME * slot, nameLength(slot));
  }

  /**
   * The user of a datagram's sender (SCM_CREDENTIALS, unix(7)).
   *
   * @param slot which slot
   * @return its number, as this process's user namespace has it; -1 where the kernel does not say,
   *     as to a socket that has not asked ({@link BatchSocket#tellUsers})
   */
  public int user(int slot) {
    long at =
        ControlMessages.find(
            control,
            (long) CONTROL * slot,
            controlLength(slot),
            ControlMessages.SOL_SOCKET,
            ControlMessages.SCM_CREDENTIALS,
            ControlMessages.CREDENTIALS);
    return at < 0 ? -1 : control.get(INT, at + Integer.BYTES);
  }

  /** The kernel says how long the address is, which may be more than there was room for. */
  private int nameLength(int slot) {
    return Math.clamp(headers.get(INT, (long) HEADER * slot + NAME_LENGTH_AT), 0, NAME);
  }

  /**
   * The part of a datagram that did not fit into the slot's buffer.
   *
   * @param slot which slot
   * @param length its bytes
   * @return a view of memory that is valid until the next burst
   */
  public ByteBuffer overflow(int slot, int length) {
    return overflow.asSlice((long) OVERFLOW * slot, length).asByteBuffer();
  }

  /** Readies the headers for a call: it has overwritten what is both input and output. */
  long prepare(int count) {
    for (int i = 0; i < count; i++) {
      headers.set(INT, (long) HEADER * i + NAME_LENGTH_AT, NAME);
      headers.set(LONG, (long) HEADER * i + CONTROL_LENGTH_AT, CONTROL);
    }
    return headers.address();
  }

  /** Readies slot 0 for one error. */
  long prepareError() {
    headers.set(INT, NAME_LENGTH_AT, SocketAddresses.LENGTH);
    headers.set(LONG, CONTROL_AT, errorControl.address());
    headers.set(LONG, CONTROL_LENGTH_AT, ERROR_CONTROL);
    return headers.address();
  }

  /** Ends what {@link #prepareError} began, and notes the message's length. */
  void finishError(int length) {
    headers.set(INT, RECEIVED_AT, length);
    headers.set(LONG, CONTROL_AT, control.address());
    headers.set(INT, FLAGS_AT, 0);
  }

  /** The control messages of the last error. */
  MemorySegment errorControl() {
    long length = headers.get(LONG, CONTROL_LENGTH_AT);
    headers.set(LONG, CONTROL_LENGTH_AT, 0);
    return errorControl.asSlice(0, Math.clamp(length, 0, ERROR_CONTROL));
  }

  /** The remote end that the last error is about. */
  void errorRemote(DatagramEnds ends) {
    SocketAddresses.read(names, 0, ends);
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
