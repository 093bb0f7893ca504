package io.lanyard.virtio;

import java.lang.foreign.MemorySegment;

/**
 * Guest memory without a guest: a segment at an address.
 *
 * @param base the guest's address of its first byte
 * @param segment the memory itself
 */
public record SegmentMemory(long base, MemorySegment segment) implements FlatMemory {
  /**
   * Makes memory on the heap, all zeros.
   *
   * @param base the guest's address of its first byte
   * @param size bytes
   */
  public SegmentMemory(long base, int size) {
    this(base, MemorySegment.ofArray(new byte[size]));
  }
}
