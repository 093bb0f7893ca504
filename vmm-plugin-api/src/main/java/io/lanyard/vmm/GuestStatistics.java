package io.lanyard.vmm;

/**
 * A guest's counters since it was started.
 *
 * @param processorNanos nanoseconds of host processor time that its processors used
 * @param instructions instructions retired, or -1 where the VMM does not know
 * @param memory bytes of RAM that the guest has
 */
public record GuestStatistics(long processorNanos, long instructions, long memory) {}
