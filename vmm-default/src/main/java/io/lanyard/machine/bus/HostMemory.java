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
 * nothing of an access but the move. Whoever calls this answers for the address: it comes from
 * {@link Ram#hostAddress} and stays in the page.
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

  /** Copies a page out. */
  public static void copyOut(long host, byte[] into) {
    MemorySegment.copy(ALL, ValueLayout.JAVA_BYTE, host, into, 0, into.length);
  }

  /** Tells whether memory holds just these bytes. */
  public static boolean matches(long host, MemorySegment bytes) {
    long size = bytes.byteSize();
    return MemorySegment.mismatch(ALL, host, host + size, bytes, 0, size) < 0;
  }
}
