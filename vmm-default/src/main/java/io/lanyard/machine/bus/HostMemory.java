package io.lanyard.machine.bus;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Unchecked accesses by host address, for harts, whose soft TLBs have checked.
 *
 * <p>The segment is a constant without bounds and without a scope, so that the compiler leaves
 * nothing of an access but the move. The caller answers for the address: it comes from {@link
 * Ram#hostAddress} and stays in the page.
 */
@SuppressWarnings("restricted") // the point of this class
public final class HostMemory {
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle ATOMIC_INT =
      MethodHandles.insertCoordinates(
          ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle(), 0, ALL);
  private static final VarHandle ATOMIC_LONG =
      MethodHandles.insertCoordinates(
          ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle(), 0, ALL);

  /** Odd, so that multiplying loses nothing; its bits are those of the golden ratio. */
  private static final long MIX = 0x9e37_79b9_7f4a_7c15L;

  private HostMemory() {}

  public static byte getByte(long host) {
    return ALL.get(ValueLayout.JAVA_BYTE, host);
  }

  public static short getShort(long host) {
    return ALL.get(SHORT, host);
  }

  public static int getInt(long host) {
    return ALL.get(INT, host);
  }

  public static long getLong(long host) {
    return ALL.get(LONG, host);
  }

  public static void putByte(long host, byte value) {
    ALL.set(ValueLayout.JAVA_BYTE, host, value);
  }

  public static void putShort(long host, short value) {
    ALL.set(SHORT, host, value);
  }

  public static void putInt(long host, int value) {
    ALL.set(INT, host, value);
  }

  public static void putLong(long host, long value) {
    ALL.set(LONG, host, value);
  }

  /** Reads an aligned word that other harts write. */
  public static int getIntVolatile(long host) {
    return (int) ATOMIC_INT.getVolatile(host);
  }

  /** Reads an aligned double word that other harts write. */
  public static long getLongVolatile(long host) {
    return (long) ATOMIC_LONG.getVolatile(host);
  }

  /** Replaces an aligned word if it is what is expected. */
  public static boolean compareAndSetInt(long host, int expected, int value) {
    return ATOMIC_INT.compareAndSet(host, expected, value);
  }

  /** Replaces an aligned double word if it is what is expected. */
  public static boolean compareAndSetLong(long host, long expected, long value) {
    return ATOMIC_LONG.compareAndSet(host, expected, value);
  }

  /** Adds to an aligned word; gives what it was. */
  public static int getAndAddInt(long host, int value) {
    return (int) ATOMIC_INT.getAndAdd(host, value);
  }

  /** Adds to an aligned double word; gives what it was. */
  public static long getAndAddLong(long host, long value) {
    return (long) ATOMIC_LONG.getAndAdd(host, value);
  }

  /** Replaces an aligned word; gives what it was. */
  public static int getAndSetInt(long host, int value) {
    return (int) ATOMIC_INT.getAndSet(host, value);
  }

  /** Replaces an aligned double word; gives what it was. */
  public static long getAndSetLong(long host, long value) {
    return (long) ATOMIC_LONG.getAndSet(host, value);
  }

  /** Zeroes some bytes. */
  public static void zero(long host, long size) {
    ALL.asSlice(host, size).fill((byte) 0);
  }

  /** A page's hash. Two pages that differ in bytes of one 8-byte word never have the same. */
  public static long hash(long page) {
    long a = 1;
    long b = 2;
    long c = 3;
    long d = 4;
    // Four chains, since each step waits for the multiplication before it.
    for (long at = page; at < page + 4096; at += 32) {
      a = Long.rotateLeft((a ^ getLong(at)) * MIX, 29);
      b = Long.rotateLeft((b ^ getLong(at + 8)) * MIX, 29);
      c = Long.rotateLeft((c ^ getLong(at + 16)) * MIX, 29);
      d = Long.rotateLeft((d ^ getLong(at + 24)) * MIX, 29);
    }
    return a ^ Long.rotateLeft(b, 16) ^ Long.rotateLeft(c, 32) ^ Long.rotateLeft(d, 48);
  }
}
