package io.lanyard.dhcp;

/**
 * A lease whose holder did not answer a probe behind its port.
 *
 * @param lease the lease when the holder was looked for
 * @param probedAt when the probe was sent, by {@link LeaseTable#hearings}
 */
record Vacated(Lease lease, long probedAt) {}
