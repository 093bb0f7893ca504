package io.lanyard.daemon.log;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * How many lines each part of the daemon may log: a burst, then a few a second.
 *
 * <p>Parts that a guest can make speak limit themselves, by event. This is for what nobody thought
 * of: no fault, however often a guest repeats it, fills the disk with its traces.
 *
 * <p>Thread: any.
 */
final class LogBudget {
  /** Enough for the start and the stop of a daemon with a thousand of everything. */
  static final int BURST = 3000;

  /** A day of this at 200 bytes is 170 MB; journald cuts in at ten times as much by default. */
  private static final long REFILL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Map<String, Allowance> parts = new HashMap<>();

  private static final class Allowance {
    long lines = BURST;
    long refilledAt;
    long suppressed;

    Allowance(long now) {
      refilledAt = now;
    }
  }

  /**
   * Takes lines from a part's allowance.
   *
   * @param part the logger's name
   * @param lines how many it is about to log
   * @param nanos the time, in nanoseconds from anywhere
   * @return how many lines of this part were left out since its last; -1 to leave these out
   */
  synchronized long admit(String part, int lines, long nanos) {
    Allowance allowance = parts.computeIfAbsent(part, name -> new Allowance(nanos));
    long earned = (nanos - allowance.refilledAt) / REFILL_NANOS;
    allowance.lines = Math.min(BURST, allowance.lines + earned);
    allowance.refilledAt += earned * REFILL_NANOS;
    if (allowance.lines < lines) {
      allowance.suppressed += lines;
      return -1;
    }
    allowance.lines -= lines;
    long suppressed = allowance.suppressed;
    allowance.suppressed = 0;
    return suppressed;
  }
}
