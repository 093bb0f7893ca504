package io.lanyard.machine.device;

import io.lanyard.machine.bus.Device;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Where messages to harts are written (RISC-V Advanced Interrupt Architecture 1.0, section 3.5): a
 * page for each hart's interrupt file of one privilege level. The files themselves belong to the
 * harts.
 *
 * <p>Thread: any; nothing is locked.
 */
public final class Imsic implements Device {
  /** A message in little-endian order: the one register of a page that does something. */
  private static final int SET_PENDING = 0;

  private final IntConsumer[] files;

  /**
   * Makes the pages.
   *
   * @param files by hart number: each takes the identities written to its page, valid or not
   */
  public Imsic(List<IntConsumer> files) {
    this.files = files.toArray(new IntConsumer[0]);
  }

  /**
   * The size of the range: section 3.6 wants a power of two of pages.
   *
   * @param harts how many
   * @return bytes
   */
  public static long size(int harts) {
    long pages = Long.highestOneBit(harts);
    return (pages < harts ? 2 * pages : pages) * MemoryMap.PAGE;
  }

  @Override
  public long read(long offset, int size) {
    return 0;
  }

  @Override
  public void write(long offset, int size, long value) {
    int hart = (int) (offset / MemoryMap.PAGE);
    if (size == 4 && offset % MemoryMap.PAGE == SET_PENDING && hart < files.length) {
      files[hart].accept((int) value);
    }
  }
}
