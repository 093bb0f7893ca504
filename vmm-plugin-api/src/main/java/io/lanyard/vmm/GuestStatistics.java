package io.lanyard.vmm;

/**
 * A guest's counters since it was started.
 *
 * @param processorNanos nanoseconds of host processor time that its processors used
 * @param instructions instructions retired, or -1 where the VMM does not know
 * @param memory bytes of RAM that the guest has
 * @param overhead bytes of the daemon's memory that the VMM keeps for the guest besides its RAM, or
 *     -1 where it does not know
 */
public record GuestStatistics(long processorNanos, long instructions, long memory, long overhead) {
  /**
   * The counters of a VMM that does not know what it keeps besides the guest's RAM.
   *
   * @param processorNanos nanoseconds of host processor time that its processors used
   * @param instructions instructions retired, or -1 where the VMM does not know
   * @param memory bytes of RAM that the guest has
   */
  public GuestStatistics(long processorNanos, long instructions, long memory) {
    this(processorNanos, instructions, memory, -1);
  }
}
