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
   * Whether a range of guest addresses is all memory.
   *
   * @param address physical, any value
   * @param length bytes; a negative length is never contained
   * @return true if every byte of it is, and all of it can be lent as one {@link #slice}
   */
  boolean contains(long address, long length);

  /**
   * Lends a part of memory.
   *
   * @param address physical
   * @param length bytes
   * @return a segment of exactly that range, valid for as long as the guest's memory is
   * @throws IndexOutOfBoundsException if the range is not all memory
   */
  MemorySegment slice(long address, long length);

  /**
   * Reads a byte.
   *
   * @param address physical
   * @return the byte, sign-extended
   */
  byte getByte(long address);

  /**
   * Reads 16 bits.
   *
   * @param address physical
   * @return the value
   */
  short getShort(long address);

  /**
   * Reads 32 bits.
   *
   * @param address physical
   * @return the value
   */
  int getInt(long address);

  /**
   * Reads 64 bits.
   *
   * @param address physical
   * @return the value
   */
  long getLong(long address);

  /**
   * Writes a byte.
   *
   * @param address physical
   * @param value what to write
   */
  void putByte(long address, byte value);

  /**
   * Writes 16 bits.
   *
   * @param address physical
   * @param value what to write
   */
  void putShort(long address, short value);

  /**
   * Writes 32 bits.
   *
   * @param address physical
   * @param value what to write
   */
  void putInt(long address, int value);

  /**
   * Writes 64 bits.
   *
   * @param address physical
   * @param value what to write
   */
  void putLong(long address, long value);

  /**
   * Copies bytes to the guest.
   *
   * @param address physical, where the first goes
   * @param from where they come from
   * @param at where in {@code from}
   * @param length bytes
   */
  void copyIn(long address, MemorySegment from, long at, long length);

  /**
   * Copies bytes from the guest.
   *
   * @param address physical, of the first
   * @param to receives them
   * @param at where in {@code to}
   * @param length bytes
   */
  void copyOut(long address, MemorySegment to, long at, long length);

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
