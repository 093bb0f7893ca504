package io.lanyard.machine.bus;

import io.lanyard.linux.Memfd;
import io.lanyard.virtio.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The machine's memory: one shared mapping of a memfd, at physical address {@link #BASE}.
 *
 * <p>Physical addresses go in, bytes come out. Every accessor checks bounds and throws {@link
 * IndexOutOfBoundsException} outside RAM; a device that was given the address by its guest asks
 * {@link #contains} first. Values are little-endian and need no alignment.
 *
 * <p>Thread: any. Plain accesses are neither ordered nor atomic beyond what the JVM gives to
 * aligned ones; a device orders its own with {@link java.lang.invoke.VarHandle} fences.
 */
public final class Ram implements GuestMemory, AutoCloseable {
  /** Where RAM begins: as on QEMU's {@code virt} board, so that its firmware runs unchanged. */
  public static final long BASE = 0x8000_0000L;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int fd;
  private final long size;
  private final MemorySegment segment;
  private boolean closed;

  private Ram(int fd, long size, MemorySegment segment) {
    this.fd = fd;
    this.size = size;
    this.segment = segment;
  }

  /**
   * Maps zeroed memory. Pages cost the host nothing until they are touched.
   *
   * @param size bytes; a multiple of 4,096, at most 2^40
   * @return the memory, which the caller closes
   * @throws IllegalStateException if the host refuses
   */
  public static Ram allocate(long size) {
    if (size <= 0 || size % 4096 != 0 || size > 1L << 40) {
      throw new IllegalArgumentException(
          "RAM size " + size + ": must be a positive multiple of 4096, at most 2^40");
    }
    int fd = Memfd.create("lanyard-ram", size);
    MemorySegment segment;
    try {
      segment = Memfd.map(fd, size);
    } catch (IllegalStateException e) {
      Memfd.close(fd);
      throw e;
    }
    return new Ram(fd, size, segment);
  }

  @Override
  public boolean contains(long address, long length) {
    long offset = address - BASE;
    return length >= 0 && offset >= 0 && offset <= size - length;
  }

  /**
   * The size of RAM.
   *
   * @return bytes
   */
  public long size() {
    return size;
  }

  /**
   * The number of the memfd, for processes that shall share this memory. Owned by this object.
   *
   * @return a file descriptor of this process
   */
  public int fd() {
    return fd;
  }

  /**
   * All of RAM: offset 0 is physical address {@link #BASE}. Not valid after {@link #close}.
   *
   * @return a segment that any thread may use
   */
  public MemorySegment segment() {
    return segment;
  }

  @Override
  public MemorySegment slice(long address, long length) {
    return segment.asSlice(address - BASE, length);
  }

  /**
   * The host address of a byte of RAM, for the soft TLBs and for calls to the host.
   *
   * @param address physical, in RAM
   * @return where it is in this process
   */
  public long hostAddress(long address) {
    if (!contains(address, 1)) {
      throw new IndexOutOfBoundsException("0x" + Long.toHexString(address) + " is not RAM");
    }
    return segment.address() + (address - BASE);
  }

  @Override
  public byte getByte(long address) {
    return segment.get(ValueLayout.JAVA_BYTE, address - BASE);
  }

  @Override
  public short getShort(long address) {
    return segment.get(SHORT, address - BASE);
  }

  @Override
  public int getInt(long address) {
    return segment.get(INT, address - BASE);
  }

  @Override
  public long getLong(long address) {
    return segment.get(LONG, address - BASE);
  }

  @Override
  public void putByte(long address, byte value) {
    segment.set(ValueLayout.JAVA_BYTE, address - BASE, value);
  }

  @Override
  public void putShort(long address, short value) {
    segment.set(SHORT, address - BASE, value);
  }

  @Override
  public void putInt(long address, int value) {
    segment.set(INT, address - BASE, value);
  }

  /**
   * Writes 64 bits.
   *
   * @param address physical
   * @param value what to write
   */
  public void putLong(long address, long value) {
    segment.set(LONG, address - BASE, value);
  }

  @Override
  public void copyIn(long address, MemorySegment from, long at, long length) {
    MemorySegment.copy(from, at, segment, address - BASE, length);
  }

  @Override
  public void copyOut(long address, MemorySegment to, long at, long length) {
    MemorySegment.copy(segment, address - BASE, to, at, length);
  }

  /**
   * Copies bytes into RAM.
   *
   * @param address physical, where the first goes
   * @param bytes what to copy
   */
  public void put(long address, byte[] bytes) {
    MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, address - BASE, bytes.length);
  }

  /**
   * Copies bytes out of RAM.
   *
   * @param address physical, of the first byte
   * @param length how many
   * @return a new array
   */
  public byte[] get(long address, int length) {
    return slice(address, length).toArray(ValueLayout.JAVA_BYTE);
  }

  /** Unmaps the memory. No hart and no device may touch it any more. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Memfd.unmap(segment);
      Memfd.close(fd);
    }
  }
}
