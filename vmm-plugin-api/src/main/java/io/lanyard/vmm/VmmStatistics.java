package io.lanyard.vmm;

/**
 * A VMM's use of the daemon's memory for all its guests together, besides their RAM.
 *
 * @param memory bytes in use, or -1 where the VMM does not know
 * @param memoryLimit the most bytes that it takes, or -1 where it has no limit or does not know
 */
public record VmmStatistics(long memory, long memoryLimit) {
  /** The statistics of a VMM that does not count. */
  public static final VmmStatistics UNKNOWN = new VmmStatistics(-1, -1);
}
