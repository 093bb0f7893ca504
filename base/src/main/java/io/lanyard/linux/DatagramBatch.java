package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * The memory of a burst of datagrams: one {@code recvmmsg} fills as many slots as there are
 * datagrams, and one batch serves all sockets of a loop.
 *
 * <p>A slot has a buffer of its owner's, which takes the head of a datagram, and an overflow of the
 * batch's own behind it, which takes what does not fit there. So buffers can be as small as nearly
 * all datagrams are, and a large one is still whole.
 *
 * <p>Thread: one at a time.
 */
public final class DatagramBatch implements AutoCloseable {
  /** The largest UDP payload over IPv4, rounded up. */
  private static final int OVERFLOW = 65536;

  // struct mmsghdr, struct iovec and struct sockaddr_in of the 64-bit ABIs (socket(7), ip(7)).
  static final int HEADER = 64;
  private static final int IOVEC = 16;
  private static final int NAME = 16;
  private static final int CONTROL = 256;

  /** One ancillary message with an int: how long the datagrams of a train are. */
  private static final int TRAIN = 24;

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
  private final MemorySegment control;
  private final MemorySegment trains;

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
    // calloc'ed and touched only where a datagram is large: mostly not resident.
    overflow = arena.allocate((long) OVERFLOW * slots, 8);
    control = arena.allocate(CONTROL, 8);
    trains = arena.allocate((long) TRAIN * slots, 8);
    for (int i = 0; i < slots; i++) {
      long header = (long) HEADER * i;
      headers.set(LONG, header, names.address() + (long) NAME * i);
      headers.set(LONG, header + IOV_AT, vectors.address() + 2L * IOVEC * i);
      headers.set(LONG, header + IOV_COUNT_AT, 2);
      headers.set(LONG, header + CONTROL_AT, trains.address() + (long) TRAIN * i);
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
   * How the datagrams of a train are told apart, where the kernel has handed several over as one
   * (UDP_GRO, udp(7)).
   *
   * @param slot which slot
   * @return bytes of each of them, of which the last may have fewer; 0 for a single datagram
   */
  public int segment(int slot) {
    // struct cmsghdr: length, level, type; its data 16 bytes in.
    long at = (long) TRAIN * slot;
    boolean present =
        headers.get(LONG, (long) HEADER * slot + CONTROL_LENGTH_AT) >= 16 + Integer.BYTES
            && trains.get(INT, at + 8) == InetDatagram.SOL_UDP
            && trains.get(INT, at + 12) == InetDatagram.UDP_GRO;
    return present ? trains.get(INT, at + 16) : 0;
  }

  /**
   * Where a datagram came from.
   *
   * @param slot which slot
   * @return the IPv4 address as a big-endian int
   */
  public int address(int slot) {
    return Integer.reverseBytes(names.get(INT, (long) NAME * slot + 4));
  }

  /**
   * The port that a datagram came from.
   *
   * @param slot which slot
   * @return the port
   */
  public int port(int slot) {
    long at = (long) NAME * slot + 2;
    return (names.get(ValueLayout.JAVA_BYTE, at) & 0xff) << 8
        | (names.get(ValueLayout.JAVA_BYTE, at + 1) & 0xff);
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
      headers.set(LONG, (long) HEADER * i + CONTROL_LENGTH_AT, TRAIN);
    }
    return headers.address();
  }

  /** Readies slot 0 for one message with ancillary data. */
  long prepareControl() {
    headers.set(INT, NAME_LENGTH_AT, NAME);
    headers.set(LONG, CONTROL_AT, control.address());
    headers.set(LONG, CONTROL_LENGTH_AT, CONTROL);
    return headers.address();
  }

  /** Ends what {@link #prepareControl} began, and notes the message's length. */
  void finishControl(int length) {
    headers.set(INT, RECEIVED_AT, length);
    headers.set(LONG, CONTROL_AT, trains.address());
    headers.set(INT, FLAGS_AT, 0);
  }

  /** The ancillary data of the last message, whole headers only. */
  MemorySegment control() {
    long length = headers.get(LONG, CONTROL_LENGTH_AT);
    headers.set(LONG, CONTROL_LENGTH_AT, 0);
    return control.asSlice(0, Math.clamp(length, 0, CONTROL));
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
