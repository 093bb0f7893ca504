package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.base.RateLimitedLog;

/**
 * The objects that the parts of one server share.
 *
 * @param terms what the server offers, and to which network
 * @param table its leases
 * @param keeper changes them, in memory and on disk
 * @param clock the time that they go by
 * @param check the requests that wait for probes
 * @param counters what the server counts
 * @param log what it says
 */
record ServerParts(
    DhcpTerms terms,
    LeaseTable table,
    LeaseKeeper keeper,
    LeaseClock clock,
    ConflictCheck check,
    Counters<DhcpCount> counters,
    RateLimitedLog log) {
  /** The network's name, for the log. */
  String network() {
    return terms.network();
  }

  long now() {
    return clock.millis();
  }
}
