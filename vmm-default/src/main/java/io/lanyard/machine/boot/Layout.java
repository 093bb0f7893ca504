package io.lanyard.machine.boot;

import io.lanyard.machine.bus.Ram;
import io.lanyard.vmm.VmmException;
import org.jspecify.annotations.Nullable;

/**
 * Where in RAM things go before the start.
 *
 * @param kernel where the kernel's image and its zeroed data will be
 * @param initrd where the initial RAM disk is, or null
 * @param deviceTree where the device tree is: room for it, 2 MiB aligned
 */
public record Layout(Range kernel, @Nullable Range initrd, Range deviceTree) {
  /** Room for the device tree; also the alignment that the kernel maps it by. */
  static final long DEVICE_TREE_ROOM = 2 << 20;

  private static final long PAGE = 4096;

  /**
   * Addresses.
   *
   * @param start first
   * @param end after the last
   */
  public record Range(long start, long end) {
    /**
     * The length.
     *
     * @return bytes
     */
    public long size() {
      return end - start;
    }
  }

  /**
   * Places a kernel and its initial RAM disk.
   *
   * @param ramSize bytes of RAM
   * @param textOffset where the kernel wants to be, from the start of RAM
   * @param kernelSize bytes that it needs there
   * @param initrdSize bytes, 0 for none
   * @return the places
   * @throws VmmException if RAM is too small
   */
  public static Layout place(long ramSize, long textOffset, long kernelSize, long initrdSize)
      throws VmmException {
    long end = Ram.BASE + ramSize;
    Range kernel = new Range(Ram.BASE + textOffset, Ram.BASE + textOffset + kernelSize);
    long tree = (end - DEVICE_TREE_ROOM) & -DEVICE_TREE_ROOM;
    long initrd = (tree - initrdSize) & -PAGE;
    if (initrd < kernel.end) {
      long needed = textOffset + kernelSize + initrdSize + 2 * DEVICE_TREE_ROOM;
      throw new VmmException(
          "memory of %d MiB is too small: kernel (%d MiB) and initial RAM disk (%d MiB) need more than %d MiB"
              .formatted(
                  ramSize >> 20,
                  kernelSize >> 20,
                  initrdSize >> 20,
                  Math.ceilDiv(needed, 1 << 20)));
    }
    return new Layout(
        kernel,
        initrdSize == 0 ? null : new Range(initrd, initrd + initrdSize),
        new Range(tree, tree + DEVICE_TREE_ROOM));
  }
}
