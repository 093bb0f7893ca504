package io.lanyard.virtio;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/** Guest memory that is one range of guest physical addresses: the bundled machine's RAM. */
public interface FlatMemory extends GuestMemory {
  /**
   * All of the memory.
   *
   * @return a segment that any thread may use, valid for as long as the guest's memory is
   */
  MemorySegment segment();

  /**
   * Where the memory begins.
   *
   * @return the physical address of its first byte
   */
  long base();

  @Override
  default boolean contains(long address, long length) {
    long at = address - base();
    return length >= 0 && at >= 0 && at <= segment().byteSize() - length;
  }

  @Override
  default MemorySegment slice(long address, long length) {
    return segment().asSlice(address - base(), length);
  }

  @Override
  default byte getByte(long address) {
    return segment().get(JAVA_BYTE, address - base());
  }

  @Override
  default short getShort(long address) {
    return segment().get(LittleEndian.SHORT, address - base());
  }

  @Override
  default int getInt(long address) {
    return segment().get(LittleEndian.INT, address - base());
  }

  @Override
  default long getLong(long address) {
    return segment().get(LittleEndian.LONG, address - base());
  }

  @Override
  default void putByte(long address, byte value) {
    segment().set(JAVA_BYTE, address - base(), value);
  }

  @Override
  default void putShort(long address, short value) {
    segment().set(LittleEndian.SHORT, address - base(), value);
  }

  @Override
  default void putInt(long address, int value) {
    segment().set(LittleEndian.INT, address - base(), value);
  }

  @Override
  default void putLong(long address, long value) {
    segment().set(LittleEndian.LONG, address - base(), value);
  }

  @Override
  default void copyIn(long address, MemorySegment from, long at, long length) {
    MemorySegment.copy(from, at, segment(), address - base(), length);
  }

  @Override
  default void copyOut(long address, MemorySegment to, long at, long length) {
    MemorySegment.copy(segment(), address - base(), to, at, length);
  }
}
