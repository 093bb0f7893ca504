package io.lanyard.dhcp;

import io.lanyard.base.Clock;
import io.lanyard.base.Counters;
import io.lanyard.base.RateLimitedLog;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Notices that clients are turned away, because the pool is exhausted or because their port has its
 * share of it, and that they no longer are. It names the ports that this is about.
 *
 * <p>Thread: the network's loop only.
 */
final class PoolWatch {
  /** A port that was not turned away for so long is no problem any more. */
  private static final long RECENT_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** How old the name of the port may be that has most: a flood is no search for each request. */
  private static final long STALE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final LeaseTable table;
  private final Clock clock;
  private final Counters<DhcpCount> counters;
  private final RateLimitedLog log;
  private final DhcpTerms terms;
  private boolean exhausted;

  /** The port that has more of the exhausted pool than its fair share; null for none. */
  private @Nullable String holder;

  private long holderAt;

  /** The ports that were turned away, with the time of the last refusal, in its order. */
  private final Map<String, Long> limited = new LinkedHashMap<>();

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
    long now = clock.nanoTime();
    if (!exhausted || now - holderAt >= STALE_NANOS) {
      holder = table.shares().greediest();
      holderAt = now;
    }
    exhausted = true;
    log.log(
        Level.WARNING,
        "dhcp-pool-exhausted",
        line ->
            line.with("network", terms.network())
                .with("pool", terms.pool())
                .with("advice", remedy()));
  }

  /** A client got no address, because its port has enough. */
  void limited(String port) {
    counters.count(DhcpCount.PORT_LIMIT);
    long now = clock.nanoTime();
    limited.remove(port);
    limited.put(port, now);
    forget(now);
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
                .with("advice", "find out who asks" + relief(port)));
  }

  private void forget(long now) {
    Iterator<Long> oldest = limited.values().iterator();
    while (oldest.hasNext() && now - oldest.next() > RECENT_NANOS) {
      oldest.remove();
    }
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

  /** The problems with their remedies. */
  List<String> problems() {
    List<String> all = new ArrayList<>();
    if (exhausted) {
      all.add(exhaustion());
    }
    forget(clock.nanoTime());
    limited.keySet().forEach(port -> all.add(limitation(port)));
    return all;
  }

  /** The problem that names a port, with its remedy; empty if none does. */
  String problem(String port) {
    forget(clock.nanoTime());
    if (limited.containsKey(port)) {
      return limitation(port);
    }
    return exhausted && port.equals(holder) ? exhaustion() : "";
  }

  private String exhaustion() {
    String port = holder;
    String text = "the " + name() + " " + terms.pool() + " has no address left: " + remedy();
    return port == null
        ? text
        : text
            + "; port "
            + port
            + " has "
            + table.shares().leases(port)
            + " of its "
            + table.poolSize()
            + " addresses";
  }

  private String limitation(String port) {
    return "port "
        + port
        + " has "
        + table.shares().leases(port)
        + " of the "
        + name()
        + "'s "
        + table.poolSize()
        + " addresses and gets no more: find out who asks there"
        + relief(port);
  }

  private String name() {
    return terms.isIpv4() ? "DHCP pool" : "DHCPv6 pool";
  }

  /** The configuration has a pool of IPv4 alone. */
  private String remedy() {
    return (terms.isIpv4() ? "widen the pool or " : "") + "shorten the leases";
  }

  private String relief(String port) {
    if (table.shares().leases(port) >= terms.dhcp().leasesPerPort()) {
      return ", or raise leases-per-port";
    }
    return terms.isIpv4() ? ", or widen the pool" : "";
  }
}
