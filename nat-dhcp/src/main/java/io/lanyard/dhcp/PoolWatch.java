package io.lanyard.dhcp;

import io.lanyard.base.Clock;
import io.lanyard.base.Counters;
import io.lanyard.base.RateLimitedLog;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Notices that clients are turned away, because the pool is exhausted or because their port has its
 * share of it, and that they no longer are.
 *
 * <p>Thread: the network's loop only.
 */
final class PoolWatch {
  /** A port that was not turned away for so long is no problem any more. */
  private static final long RECENT_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final LeaseTable table;
  private final Clock clock;
  private final Counters<DhcpCount> counters;
  private final RateLimitedLog log;
  private final DhcpTerms terms;
  private boolean exhausted;
  private @Nullable String limitedPort;
  private long limitedAt;

  PoolWatch(
      DhcpTerms terms,
      LeaseTable table,
      Clock clock,
      Counters<DhcpCount> counters,
      RateLimitedLog log) {
    this.terms = terms;
    this.table = table;
    this.clock = clock;
    this.counters = counters;
    this.log = log;
  }

  /** A client got no address. */
  void refused(String port, boolean none) {
    if (none) {
      exhausted();
    } else {
      limited(port);
    }
  }

  /** A client got no address, because there is none. */
  void exhausted() {
    counters.count(DhcpCount.POOL_EXHAUSTED);
    exhausted = true;
    log.log(
        Level.WARNING,
        "dhcp-pool-exhausted",
        line ->
            line.with("network", terms.network())
                .with("pool", terms.pool())
                .with("advice", "widen the pool or shorten the leases"));
  }

  /** A client got no address, because its port has enough. */
  void limited(String port) {
    counters.count(DhcpCount.PORT_LIMIT);
    limitedPort = port;
    limitedAt = clock.nanoTime();
    log.log(
        Level.WARNING,
        "dhcp-port-limited",
        port,
        line ->
            line.with("network", terms.network())
                .with("port", port)
                .with("addresses", table.shares().leases(port))
                .with("pool-size", table.poolSize())
                .with("cause", "the port has its share of the pool")
                .with("advice", "find out who asks, or widen the pool"));
  }

  /** The table has changed. */
  void changed() {
    if (exhausted && table.available() > 0) {
      exhausted = false;
      log.log(
          Level.INFO,
          "dhcp-pool-recovered",
          line ->
              line.with("network", terms.network())
                  .with("pool", terms.pool())
                  .with("available", table.available()));
    }
  }

  /** The problem with its remedy; empty if there is none. */
  String problem() {
    if (exhausted) {
      return "the DHCP pool "
          + terms.pool()
          + " has no address left: widen the pool or shorten the leases";
    }
    String port = limitedPort;
    if (port == null || clock.nanoTime() - limitedAt > RECENT_NANOS) {
      return "";
    }
    return "port "
        + port
        + " has "
        + table.shares().leases(port)
        + " of the DHCP pool's "
        + table.poolSize()
        + " addresses and gets no more: find out who asks there, or widen the pool";
  }
}
