package io.lanyard.virtio;

import java.lang.foreign.MemorySegment;

/**
 * A checked copy of one descriptor chain: first the parts that the device reads, then those that it
 * writes. Reused from chain to chain, so that nothing is allocated.
 *
 * <p>Every part lies in RAM. Offsets count over the parts of one direction as if they were one
 * buffer.
 */
public final class Chain {
  /** Longest piece that a visitor is lent: it may want it as a ByteBuffer. */
  private static final long PIECE = 1 << 24;

  private final GuestMemory memory;
  private final long[] address;
  private final long[] length;
  private final int limit;
  private int descriptors;
  private boolean tooLong;
  private int parts;
  private int readableParts;
  private long readable;
  private long writable;
  private int head;

  /**
   * Makes room for a chain.
   *
   * @param memory where the parts are
   * @param capacity most parts
   */
  public Chain(GuestMemory memory, int capacity) {
    this(memory, capacity, Integer.MAX_VALUE);
  }

  /** The same for a device that takes no chain of more than so many descriptors. */
  Chain(GuestMemory memory, int capacity, int limit) {
    this.memory = memory;
    this.limit = limit;
    this.address = new long[capacity];
    this.length = new long[capacity];
  }

  void clear(int newHead) {
    head = newHead;
    descriptors = 0;
    tooLong = false;
    parts = 0;
    readableParts = 0;
    readable = 0;
    writable = 0;
  }

  /** Counts a descriptor; false if there are more than the device takes: then nothing is kept. */
  boolean countsOneMore() {
    if (descriptors == limit) {
      tooLong = true;
      parts = 0;
      readableParts = 0;
      readable = 0;
      writable = 0;
      return false;
    }
    descriptors++;
    return true;
  }

  /**
   * How many descriptors the chain has, empty ones and those of an indirect table included.
   *
   * @return a count, at most the limit that the chain was made with
   */
  public int descriptors() {
    return descriptors;
  }

  /**
   * Whether the chain has more descriptors than the limit: it is empty then, and can only be given
   * back.
   *
   * @return true if it has
   */
  public boolean tooLong() {
    return tooLong;
  }

  /** Adds a part; false if it is not RAM, or comes out of order, or there are too many. */
  boolean add(long at, long bytes, boolean write) {
    if (!memory.contains(at, bytes) || parts == address.length || (!write && writable > 0)) {
      return false;
    }
    if (bytes == 0) {
      return true;
    }
    address[parts] = at;
    length[parts] = bytes;
    parts++;
    if (write) {
      writable += bytes;
    } else {
      readable += bytes;
      readableParts = parts;
    }
    return true;
  }

  int head() {
    return head;
  }

  /**
   * The bytes that the device may read.
   *
   * @return bytes
   */
  public long readable() {
    return readable;
  }

  /**
   * The bytes that the device may write.
   *
   * @return bytes
   */
  public long writable() {
    return writable;
  }

  /**
   * Copies out of the readable parts.
   *
   * @param from offset of the first byte
   * @param to receives them
   * @param at where in {@code to}
   * @param count bytes; {@code from + count} is at most {@link #readable}
   */
  public void read(long from, MemorySegment to, long at, long count) {
    copy(0, readableParts, from, to, at, count, false);
  }

  /**
   * Copies into the writable parts.
   *
   * @param to offset of the first byte
   * @param from where they come from
   * @param at where in {@code from}
   * @param count bytes; {@code to + count} is at most {@link #writable}
   */
  public void write(long to, MemorySegment from, long at, long count) {
    copy(readableParts, parts, to, from, at, count, true);
  }

  private void copy(
      int first, int end, long skip, MemorySegment other, long at, long count, boolean toGuest) {
    long skipped = skip;
    long left = count;
    long position = at;
    for (int i = first; i < end && left > 0; i++) {
      if (skipped >= length[i]) {
        skipped -= length[i];
        continue;
      }
      long n = Math.min(left, length[i] - skipped);
      if (toGuest) {
        memory.copyIn(address[i] + skipped, other, position, n);
      } else {
        memory.copyOut(address[i] + skipped, other, position, n);
      }
      skipped = 0;
      position += n;
      left -= n;
    }
    if (left > 0) {
      throw new IndexOutOfBoundsException("chain is " + left + " bytes too short");
    }
  }

  /**
   * Reads one byte.
   *
   * @param at offset in the readable parts
   * @return unsigned
   */
  public int readByte(long at) {
    return memory.getByte(locate(0, readableParts, at)) & 0xff;
  }

  /**
   * Reads a little-endian number.
   *
   * @param at offset in the readable parts
   * @param size bytes, at most 8
   * @return zero-extended
   */
  public long readNumber(long at, int size) {
    long value = 0;
    for (int i = size - 1; i >= 0; i--) {
      value = value << 8 | readByte(at + i);
    }
    return value;
  }

  /**
   * Writes one byte.
   *
   * @param at offset in the writable parts
   * @param value its low 8 bits
   */
  public void writeByte(long at, int value) {
    memory.putByte(locate(readableParts, parts, at), (byte) value);
  }

  /**
   * Writes a little-endian number.
   *
   * @param at offset in the writable parts
   * @param size bytes, at most 8
   * @param value its low bytes
   */
  public void writeNumber(long at, int size, long value) {
    for (int i = 0; i < size; i++) {
      writeByte(at + i, (int) (value >>> (8 * i)));
    }
  }

  /**
   * Writes bytes.
   *
   * @param at offset in the writable parts
   * @param bytes what to write
   */
  public void write(long at, byte[] bytes) {
    write(at, MemorySegment.ofArray(bytes), 0, bytes.length);
  }

  private long locate(int first, int end, long at) {
    long skipped = at;
    for (int i = first; i < end; i++) {
      if (skipped < length[i]) {
        return address[i] + skipped;
      }
      skipped -= length[i];
    }
    throw new IndexOutOfBoundsException("offset " + at + " is past the chain");
  }

  /** Lends the parts to a visitor, in order. */
  public interface Visitor<E extends Exception> {
    /**
     * Takes a piece of guest RAM.
     *
     * @param piece valid until the machine is closed
     * @throws E if the visit shall end
     */
    void visit(MemorySegment piece) throws E;
  }

  /**
   * Visits a range of one direction.
   *
   * @param write true for the writable parts
   * @param from offset of the first byte
   * @param count bytes
   * @param visitor takes each piece
   * @param <E> what the visitor throws
   * @throws E from the visitor
   */
  public <E extends Exception> void visit(boolean write, long from, long count, Visitor<E> visitor)
      throws E {
    long skipped = from;
    long left = count;
    int end = write ? parts : readableParts;
    for (int i = write ? readableParts : 0; i < end && left > 0; i++) {
      long done = Math.min(skipped, length[i]);
      skipped -= done;
      while (done < length[i] && left > 0) {
        long n = Math.min(PIECE, Math.min(left, length[i] - done));
        visitor.visit(memory.slice(address[i] + done, n));
        done += n;
        left -= n;
      }
    }
  }
}
