package io.lanyard.virtio;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Guest memory without a guest: a segment at an address. */
public final class SegmentMemory implements GuestMemory {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final long base;
  private final MemorySegment segment;

  /**
   * Makes memory on the heap, all zeros.
   *
   * @param base the guest's address of its first byte
   * @param size bytes
   */
  public SegmentMemory(long base, int size) {
    this.base = base;
    this.segment = MemorySegment.ofArray(new byte[size]);
  }

  /**
   * The memory itself.
   *
   * @return all of it
   */
  public MemorySegment segment() {
    return segment;
  }

  @Override
  public boolean contains(long address, long length) {
    long at = address - base;
    return length >= 0 && at >= 0 && at <= segment.byteSize() && length <= segment.byteSize() - at;
  }

  @Override
  public MemorySegment slice(long address, long length) {
    return segment.asSlice(address - base, length);
  }

  @Override
  public byte getByte(long address) {
    return segment.get(JAVA_BYTE, address - base);
  }

  @Override
  public short getShort(long address) {
    return segment.get(SHORT, address - base);
  }

  @Override
  public int getInt(long address) {
    return segment.get(INT, address - base);
  }

  @Override
  public long getLong(long address) {
    return segment.get(LONG, address - base);
  }

  @Override
  public void putByte(long address, byte value) {
    segment.set(JAVA_BYTE, address - base, value);
  }

  @Override
  public void putShort(long address, short value) {
    segment.set(SHORT, address - base, value);
  }

  @Override
  public void putInt(long address, int value) {
    segment.set(INT, address - base, value);
  }

  /**
   * Writes 64 bits.
   *
   * @param address physical
   * @param value what to write
   */
  public void putLong(long address, long value) {
    segment.set(LONG, address - base, value);
  }

  @Override
  public void copyIn(long address, MemorySegment from, long at, long length) {
    MemorySegment.copy(from, at, segment, address - base, length);
  }

  @Override
  public void copyOut(long address, MemorySegment to, long at, long length) {
    MemorySegment.copy(segment, address - base, to, at, length);
  }

  /**
   * Writes bytes.
   *
   * @param address physical
   * @param bytes what to write
   */
  public void put(long address, byte... bytes) {
    copyIn(address, MemorySegment.ofArray(bytes), 0, bytes.length);
  }

  /**
   * Reads bytes.
   *
   * @param address physical
   * @param length how many
   * @return a copy
   */
  public byte[] get(long address, int length) {
    return slice(address, length).toArray(JAVA_BYTE);
  }
}
