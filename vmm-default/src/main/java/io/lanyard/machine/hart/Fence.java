package io.lanyard.machine.hart;

/** A request of one hart to others by the SBI's remote fences. */
public sealed interface Fence {
  /** Forget decoded instructions: {@code fence.i}. */
  record Instructions() implements Fence {}

  /**
   * Forget translations: {@code sfence.vma}.
   *
   * @param start first virtual address
   * @param size bytes; start and size both 0, or size all ones, mean everything
   * @param asid which address space, or -1 for all
   */
  record Addresses(long start, long size, long asid) implements Fence {
    /** True if no range of addresses was given. */
    boolean everywhere() {
      return size == -1 || (start == 0 && size == 0);
    }
  }
}
