package io.lanyard.dns;

import io.lanyard.base.Clock;
import io.lanyard.nat.station.PortBudget;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The lines that a network's log of questions may have, shared by its ports.
 *
 * <p>The rule is that of {@link Outstanding}: a port may have more lines as long as it has had
 * fewer than are free. Lines become free again with time, those of each port in turn. So a port
 * that asks without end has half of them, and one that begins to ask has its own at once.
 *
 * <p>Thread: the network's loop only.
 */
final class LineShares {
  /**
   * Lines at once, and between two that become free. Both are below what the daemon lets a part of
   * it log, which knows no ports: 3000, and 10 a second.
   */
  static final int LINES = 2500;

  private static final long FREE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Clock clock;
  private final Map<PortBudget, Share> ports = new HashMap<>();

  /** Those that have had lines which are not free again; the first is the next to have one. */
  private final Deque<Share> turns = new ArrayDeque<>();

  private int used;
  private long freedNanos;

  private static final class Share {
    int used;
    long suppressed;
  }

  LineShares(Clock clock) {
    this.clock = clock;
    this.freedNanos = clock.nanoTime();
  }

  /**
   * Takes a line.
   *
   * @return how many of the port's were left out since its last; -1 if this one is, too
   */
  long take(PortBudget port) {
    free();
    Share its = ports.computeIfAbsent(port, key -> new Share());
    if (its.used >= LINES - used) {
      its.suppressed++;
      return -1;
    }
    if (its.used++ == 0) {
      turns.add(its);
    }
    used++;
    long suppressed = its.suppressed;
    its.suppressed = 0;
    return suppressed;
  }

  private void free() {
    long now = clock.nanoTime();
    long due = (now - freedNanos) / FREE_NANOS;
    freedNanos += due * FREE_NANOS;
    for (long left = Math.min(due, used); left > 0; left--) {
      Share next = turns.remove();
      used--;
      if (--next.used > 0) {
        turns.add(next);
      }
    }
  }

  /** Forgets a port that is gone; its lines become free as those of others do. */
  void end(PortBudget port) {
    ports.remove(port);
  }
}
