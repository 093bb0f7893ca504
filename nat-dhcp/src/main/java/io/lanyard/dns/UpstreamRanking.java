package io.lanyard.dns;

import io.lanyard.base.Clock;
import io.lanyard.base.DumpNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The order in which servers are asked: those that answer first, the fastest of them at the head.
 *
 * <pre>
 *            no answer in an attempt's time, or an error
 *   good ---------------------------------------------------&gt; resting, twice as long each time
 *     ^                                                           |  its time is over
 *     |   an answer                                               v
 *     +------------------------------------------------------ probed by a question of the daemon's own
 * </pre>
 *
 * <p>A server that rests is asked after all others, so a question never fails because of it. Now
 * and then a question is put to several good servers at once, which keeps their times true.
 *
 * <p>Thread: the network's loop only.
 */
final class UpstreamRanking {
  /** How long a server rests after its first failure; then twice as long. */
  private static final long FIRST_REST_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long LONGEST_REST_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** Between two questions that several servers are asked at once. */
  private static final long COMPARE_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** The part of a new measurement in the average: as TCP's (RFC 6298 section 2.3). */
  private static final int SMOOTHING = 8;

  /** The record of a server. */
  private static final class Known {
    long roundTripNanos;
    int failures;
    long restsUntil;
    boolean probed;

    boolean rests() {
      return failures > 0;
    }

    /** How long it takes; of a server that is not known yet, longer than of any other. */
    long usualNanos() {
      return roundTripNanos == 0 ? Long.MAX_VALUE : roundTripNanos;
    }
  }

  private final Clock clock;
  private final Map<UpstreamServer, Known> servers = new LinkedHashMap<>();
  private long comparedNanos;

  UpstreamRanking(Clock clock) {
    this.clock = clock;
    comparedNanos = clock.nanoTime();
  }

  /** Takes servers; what is known of those that were there before stays. */
  void servers(List<UpstreamServer> next) {
    Map<UpstreamServer, Known> before = new LinkedHashMap<>(servers);
    servers.clear();
    for (UpstreamServer server : next) {
      Known known = before.get(server);
      servers.put(server, known == null ? new Known() : known);
    }
  }

  /** The servers in the order to ask them. */
  List<UpstreamServer> order() {
    if (servers.size() < 2) {
      return List.copyOf(servers.keySet());
    }
    List<UpstreamServer> order = new ArrayList<>(servers.keySet());
    // Stable: of those that are not known yet, the configuration's order.
    order.sort(
        Comparator.comparing((UpstreamServer server) -> known(server).rests())
            .thenComparingLong(server -> known(server).rests() ? 0 : known(server).usualNanos()));
    return order;
  }

  private Known known(UpstreamServer server) {
    return servers.getOrDefault(server, new Known());
  }

  /** How many servers a question is put to at once: most often one. */
  int width() {
    long now = clock.nanoTime();
    int good = (int) servers.values().stream().filter(known -> !known.rests()).count();
    if (good < 2 || now - comparedNanos < COMPARE_NANOS) {
      return 1;
    }
    comparedNanos = now;
    return good;
  }

  /** A server has answered. */
  void answered(UpstreamServer server, long nanos) {
    Known known = servers.get(server);
    if (known == null) {
      return;
    }
    known.failures = 0;
    known.probed = false;
    known.roundTripNanos =
        known.roundTripNanos == 0
            ? nanos
            : known.roundTripNanos + (nanos - known.roundTripNanos) / SMOOTHING;
  }

  /** A server has lost a comparison: it takes at least so long. */
  void slower(UpstreamServer server, long nanos) {
    Known known = servers.get(server);
    if (known != null) {
      known.roundTripNanos = Math.max(known.roundTripNanos, nanos);
    }
  }

  /** A server has not answered in time, or could not be reached. */
  void failed(UpstreamServer server) {
    Known known = servers.get(server);
    long now = clock.nanoTime();
    if (known == null || (known.rests() && !known.probed && now - known.restsUntil < 0)) {
      return; // Several questions fail at once; that is one failure.
    }
    known.probed = false;
    long rest = Math.min(LONGEST_REST_NANOS, FIRST_REST_NANOS << Math.min(known.failures, 6));
    known.failures++;
    known.restsUntil = now + rest;
  }

  /** A server whose rest is over, to be probed; null for none. It is not named again meanwhile. */
  @Nullable UpstreamServer due() {
    long now = clock.nanoTime();
    for (Map.Entry<UpstreamServer, Known> each : servers.entrySet()) {
      Known known = each.getValue();
      if (known.rests() && !known.probed && now - known.restsUntil >= 0) {
        known.probed = true;
        return each.getKey();
      }
    }
    return null;
  }

  /** Describes the servers. */
  DumpNode dump(String name) {
    DumpNode.Builder node = DumpNode.of(name);
    servers.forEach((server, known) ->
        node.child(
            DumpNode.of(server.text())
                .with("state", known.rests() ? "resting" : "good")
                .with("micros", known.roundTripNanos / 1000)
                .withNonZero("failures", known.failures)
                .build()));
    return node.build();
  }
}
