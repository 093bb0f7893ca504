package io.lanyard.base;

import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/**
 * A logger that guests cannot flood: a burst of lines per event, then one per minute with the
 * number of those that were left out. One event's flood does not silence another.
 *
 * <p>Thread: any.
 */
public final class RateLimitedLog {
  /** Enough for the start of a lab of that many guests to be seen whole. */
  private static final int BURST = 50;

  private static final long REFILL_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final System.Logger logger;
  private final Clock clock;
  private final Map<String, Allowance> events = new HashMap<>();

  private static final class Allowance {
    int lines = BURST;
    long refilledAt;
    long suppressed;
  }

  /**
   * Makes one.
   *
   * @param logger where lines go
   * @param clock what a minute is measured by
   */
  public RateLimitedLog(System.Logger logger, Clock clock) {
    this.logger = logger;
    this.clock = clock;
  }

  /**
   * Logs an event, unless there were too many of its kind.
   *
   * @param level its level
   * @param event its name, kebab-case; never from a packet
   * @param values adds its values, if it is logged
   */
  public void log(Level level, String event, UnaryOperator<LogEvent> values) {
    long suppressed = admit(level, event);
    if (suppressed >= 0) {
      line(event, values, suppressed).log(logger, level);
    }
  }

  /**
   * Logs an event with the stack trace of what caused it, unless there were too many of its kind.
   *
   * @param level its level
   * @param event its name, kebab-case; never from a packet
   * @param values adds its values, if it is logged
   * @param cause whose trace is logged too
   */
  public void log(Level level, String event, UnaryOperator<LogEvent> values, Throwable cause) {
    long suppressed = admit(level, event);
    if (suppressed >= 0) {
      line(event, values, suppressed).log(logger, level, cause);
    }
  }

  private static LogEvent line(String event, UnaryOperator<LogEvent> values, long suppressed) {
    LogEvent line = values.apply(LogEvent.of(event));
    return suppressed == 0 ? line : line.with("suppressed", suppressed);
  }

  /** Takes a line from the event's allowance. Answers how many were left out before; -1 for no. */
  private synchronized long admit(Level level, String event) {
    if (!logger.isLoggable(level)) {
      return -1;
    }
    long now = clock.nanoTime();
    Allowance allowance = events.computeIfAbsent(event, key -> new Allowance());
    long earned = allowance.lines == BURST ? 0 : (now - allowance.refilledAt) / REFILL_NANOS;
    if (allowance.lines == BURST) {
      allowance.refilledAt = now;
    } else if (earned > 0) {
      allowance.lines = (int) Math.min(BURST, allowance.lines + earned);
      allowance.refilledAt += earned * REFILL_NANOS;
    }
    if (allowance.lines == 0) {
      allowance.suppressed++;
      return -1;
    }
    allowance.lines--;
    long suppressed = allowance.suppressed;
    allowance.suppressed = 0;
    return suppressed;
  }
}
