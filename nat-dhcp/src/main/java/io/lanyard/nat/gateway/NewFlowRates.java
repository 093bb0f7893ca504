package io.lanyard.nat.gateway;

import io.lanyard.base.Clock;
import io.lanyard.nat.station.EventRate;
import io.lanyard.nat.station.Excess;
import io.lanyard.nat.station.PortBudget;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The rate at which each port begins flows, where its configuration limits that: the limit's flows
 * at once, then as many per second.
 *
 * <p>Thread: the network's loop only.
 */
final class NewFlowRates {
  private final Clock clock;

  /** Ports without a limit are absent. */
  private final Map<PortBudget, Rate> rates = new HashMap<>();

  private record Rate(int limit, EventRate events) {}

  /**
   * Makes rates of which nothing is used.
   *
   * @param clock what a second is measured by
   */
  NewFlowRates(Clock clock) {
    this.clock = clock;
  }

  /**
   * Whether one more flow of a port may begin now, which then counts as begun.
   *
   * @param limit flows per second; null for no limit. Another limit than before starts anew
   * @return false if there were too many, which is counted
   */
  boolean admits(PortBudget port, @Nullable Integer limit) {
    if (limit == null) {
      return true;
    }
    Rate known = rates.get(port);
    if (known == null || known.limit() != limit) {
      known = new Rate(limit, new EventRate(TimeUnit.SECONDS.toNanos(1) / limit, limit));
      rates.put(port, known);
    }
    long now = clock.nanoTime();
    if (!known.events().permits(now)) {
      port.count(Excess.NEW_FLOWS);
      return false;
    }
    known.events().use(now);
    return true;
  }

  /** Forgets a port that has left. */
  void forget(PortBudget port) {
    rates.remove(port);
  }
}
