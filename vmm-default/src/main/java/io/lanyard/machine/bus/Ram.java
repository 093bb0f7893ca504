package io.lanyard.machine.bus;

import io.lanyard.linux.Memfd;
import io.lanyard.virtio.FlatMemory;
import java.lang.foreign.MemorySegment;

/**
 * The machine's memory: one shared mapping of a memfd, at physical address {@link #BASE}.
 *
 * <p>Thread: any.
 */
public final class Ram implements FlatMemory, AutoCloseable {
  /** Where RAM begins: as on QEMU's {@code virt} board, so that its firmware runs unchanged. */
  public static final long BASE = 0x8000_0000L;

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

  /**
   * The size of RAM.
   *
   * @return bytes
   */
  public long size() {
    return size;
  }

  @Override
  public long base() {
    return BASE;
  }

  /** {@inheritDoc} Not valid after {@link #close}. */
  @Override
  public MemorySegment segment() {
    return segment;
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
