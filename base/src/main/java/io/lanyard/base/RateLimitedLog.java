package io.lanyard.base;

import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/**
 * A logger that guests cannot flood: a burst of lines per event, then one per minute with the
 * number of those that were left out. One event's flood does not silence another, and where an
 * event names its source, one source's flood does not silence another's.
 *
 * <p>Thread: any.
 */
public final class RateLimitedLog {
  /** Enough for the start of a lab of that many guests to be seen whole. */
  private static final int BURST = 50;

  /** Of warnings that name a source, one says it all. */
  private static final int WARNINGS = 1;

  /** Sources come and go; the allowances of those that are silent are dropped beyond this. */
  private static final int MOST = 4096;

  private static final long REFILL_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final System.Logger logger;
  private final Clock clock;
  private final Map<Key, Allowance> allowances = new HashMap<>();

  /** An event and who causes it; the source is empty where the event has none. */
  private record Key(String event, String source) {}

  private static final class Allowance {
    final int burst;
    int lines;
    long refilledAt;
    long suppressed;

    Allowance(int burst) {
      this.burst = burst;
      lines = burst;
    }
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
    log(level, event, "", values);
  }

  /**
   * Logs an event that somebody has caused, unless that one has caused too many of its kind: of
   * warnings one a minute, of others a burst first.
   *
   * @param level its level
   * @param event its name, kebab-case; never from a packet
   * @param source who has caused it, such as a port's name; never from a packet
   * @param values adds its values, if it is logged
   */
  public void log(Level level, String event, String source, UnaryOperator<LogEvent> values) {
    long suppressed = admit(level, event, source);
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
    long suppressed = admit(level, event, "");
    if (suppressed >= 0) {
      line(event, values, suppressed).log(logger, level, cause);
    }
  }

  /** How many events and sources of theirs it knows. */
  synchronized int known() {
    return allowances.size();
  }

  private static LogEvent line(String event, UnaryOperator<LogEvent> values, long suppressed) {
    LogEvent line = values.apply(LogEvent.of(event));
    return suppressed == 0 ? line : line.with("suppressed", suppressed);
  }

  /** Takes a line from the event's allowance. Answers how many were left out before; -1 for no. */
  private synchronized long admit(Level level, String event, String source) {
    if (!logger.isLoggable(level)) {
      return -1;
    }
    long now = clock.nanoTime();
    if (allowances.size() >= MOST) {
      allowances
          .values()
          .removeIf(each -> each.lines + (now - each.refilledAt) / REFILL_NANOS >= each.burst);
    }
    boolean few = !source.isEmpty() && level.getSeverity() >= Level.WARNING.getSeverity();
    Allowance allowance =
        allowances.computeIfAbsent(
            new Key(event, source), key -> new Allowance(few ? WARNINGS : BURST));
    int burst = allowance.burst;
    long earned = allowance.lines == burst ? 0 : (now - allowance.refilledAt) / REFILL_NANOS;
    if (allowance.lines == burst) {
      allowance.refilledAt = now;
    } else if (earned > 0) {
      allowance.lines = (int) Math.min(burst, allowance.lines + earned);
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
