package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.vswitch.frame.Ipv4;
import java.lang.System.Logger.Level;

/**
 * Notices that a client was turned away because the pool is exhausted, and that it no longer is.
 *
 * <p>Thread: the network's loop only.
 */
final class PoolWatch {
  private final LeaseTable table;
  private final Counters<DhcpCount> counters;
  private final RateLimitedLog log;
  private final String network;
  private final String pool;
  private boolean exhausted;

  PoolWatch(
      String network,
      DhcpSettings settings,
      LeaseTable table,
      Counters<DhcpCount> counters,
      RateLimitedLog log) {
    this.network = network;
    this.table = table;
    this.counters = counters;
    this.log = log;
    this.pool = Ipv4.format(settings.rangeStart()) + "-" + Ipv4.format(settings.rangeEnd());
  }

  /** A client got no address. */
  void exhausted() {
    counters.count(DhcpCount.POOL_EXHAUSTED);
    exhausted = true;
    log.log(
        Level.WARNING,
        "no address left to offer: widen the pool or shorten the leases",
        () -> "network=" + network + " pool=" + pool);
  }

  /** The table has changed. */
  void changed() {
    if (exhausted && table.available() > 0) {
      exhausted = false;
      log.log(
          Level.INFO,
          "addresses to offer again",
          () -> "network=" + network + " pool=" + pool + " available=" + table.available());
    }
  }

  /** What is wrong, and what to do about it; empty if all is well. */
  String problem() {
    return exhausted
        ? "the DHCP pool " + pool + " has no address left: widen the pool or shorten the leases"
        : "";
  }
}
