package io.lanyard.virtio;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/**
 * A guest's memory as its devices see it: guest physical addresses go in, bytes come out.
 *
 * <p>Every accessor checks bounds and throws {@link IndexOutOfBoundsException} outside; a device
 * that was given the address by its guest asks {@link #contains} first. Values are little-endian
 * and need no alignment.
 *
 * <p>Thread: any. Plain accesses are neither ordered nor atomic beyond what the JVM gives to
 * aligned ones; a device orders its own with {@link java.lang.invoke.VarHandle} fences.
 */
public interface GuestMemory {
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

  /**
   * Whether a range of guest addresses is all memory.
   *
   * @param address physical, any value
   * @param length bytes; a negative length is never contained
   * @return true if every byte of it is, and all of it can be lent as one {@link #slice}
   */
  default boolean contains(long address, long length) {
    long at = address - base();
    return length >= 0 && at >= 0 && at <= segment().byteSize() - length;
  }

  /**
   * Lends a part of memory.
   *
   * @param address physical
   * @param length bytes
   * @return a segment of exactly that range, valid for as long as the guest's memory is
   * @throws IndexOutOfBoundsException if the range is not all memory
   */
  default MemorySegment slice(long address, long length) {
    return segment().asSlice(address - base(), length);
  }

  /**
   * Reads a byte.
   *
   * @param address physical
   * @return the byte, sign-extended
   */
  default byte getByte(long address) {
    return segment().get(JAVA_BYTE, address - base());
  }

  /**
   * Reads 16 bits.
   *
   * @param address physical
   * @return the value
   */
  default short getShort(long address) {
    return segment().get(LittleEndian.SHORT, address - base());
  }

  /**
   * Reads 32 bits.
   *
   * @param address physical
   * @return the value
   */
  default int getInt(long address) {
    return segment().get(LittleEndian.INT, address - base());
  }

  /**
   * Reads 64 bits.
   *
   * @param address physical
   * @return the value
   */
  default long getLong(long address) {
    return segment().get(LittleEndian.LONG, address - base());
  }

  /**
   * Writes a byte.
   *
   * @param address physical
   * @param value what to write
   */
  default void putByte(long address, byte value) {
    segment().set(JAVA_BYTE, address - base(), value);
  }

  /**
   * Writes 16 bits.
   *
   * @param address physical
   * @param value what to write
   */
  default void putShort(long address, short value) {
    segment().set(LittleEndian.SHORT, address - base(), value);
  }

  /**
   * Writes 32 bits.
   *
   * @param address physical
   * @param value what to write
   */
  default void putInt(long address, int value) {
    segment().set(LittleEndian.INT, address - base(), value);
  }

  /**
   * Writes 64 bits.
   *
   * @param address physical
   * @param value what to write
   */
  default void putLong(long address, long value) {
    segment().set(LittleEndian.LONG, address - base(), value);
  }

  /**
   * Copies bytes to the guest.
   *
   * @param address physical, where the first goes
   * @param from where they come from
   * @param at where in {@code from}
   * @param length bytes
   */
  default void copyIn(long address, MemorySegment from, long at, long length) {
    MemorySegment.copy(from, at, segment(), address - base(), length);
  }

  /**
   * Copies bytes from the guest.
   *
   * @param address physical, of the first
   * @param to receives them
   * @param at where in {@code to}
   * @param length bytes
   */
  default void copyOut(long address, MemorySegment to, long at, long length) {
    MemorySegment.copy(segment(), address - base(), to, at, length);
  }

  /**
   * Copies bytes to the guest.
   *
   * @param address physical, where the first goes
   * @param bytes what to copy
   */
  default void put(long address, byte... bytes) {
    copyIn(address, MemorySegment.ofArray(bytes), 0, bytes.length);
  }

  /**
   * Copies bytes from the guest.
   *
   * @param address physical, of the first
   * @param length how many
   * @return a new array
   */
  default byte[] get(long address, int length) {
    return slice(address, length).toArray(JAVA_BYTE);
  }
}
