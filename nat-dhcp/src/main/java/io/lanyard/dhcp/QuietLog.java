package io.lanyard.dhcp;

import io.lanyard.vswitch.Clock;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A logger that guests cannot flood: a burst of lines, then one a second, and the number of those
 * that were left out.
 *
 * <p>Thread: the network's loop only.
 */
final class QuietLog {
  /** Enough for the start of a lab of that many guests to be seen whole. */
  private static final int BURST = 50;

  private static final long REFILL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final System.Logger logger;
  private final Clock clock;
  private int tokens = BURST;
  private long refilledAt;
  private long suppressed;

  QuietLog(System.Logger logger, Clock clock) {
    this.logger = logger;
    this.clock = clock;
    this.refilledAt = clock.nanoTime();
  }

  void log(Level level, Supplier<String> line) {
    if (!logger.isLoggable(level)) {
      return;
    }
    long now = clock.nanoTime();
    long earned = (now - refilledAt) / REFILL_NANOS;
    if (earned > 0) {
      tokens = (int) Math.min(BURST, tokens + earned);
      refilledAt += earned * REFILL_NANOS;
    }
    if (tokens == 0) {
      suppressed++;
      return;
    }
    tokens--;
    String tail = suppressed == 0 ? "" : " suppressed=" + suppressed;
    suppressed = 0;
    logger.log(level, line.get() + tail);
  }
}
