package io.lanyard.nat.station;

/**
 * A limit of events: a burst, then one in each interval. The generic cell rate algorithm, which
 * needs one number.
 *
 * <p>Thread: the network's loop only.
 */
public final class EventRate {
  private final long intervalNanos;
  private final long burstNanos;

  /** When the next event would be due at the steady rate. */
  private long dueNanos;

  private boolean started;

  /**
   * Makes a limit of which nothing is used.
   *
   * @param intervalNanos nanoseconds between two events at the steady rate
   * @param burst events that may come at once
   */
  public EventRate(long intervalNanos, int burst) {
    this.intervalNanos = intervalNanos;
    burstNanos = (burst - 1) * intervalNanos;
  }

  /**
   * Whether an event may happen now. Uses nothing up.
   *
   * @param nowNanos the present
   * @return false if it would be one too many
   */
  public boolean permits(long nowNanos) {
    return !started || dueNanos - nowNanos <= burstNanos;
  }

  /**
   * Uses an event up.
   *
   * @param nowNanos the present
   */
  public void use(long nowNanos) {
    dueNanos = (started && dueNanos - nowNanos > 0 ? dueNanos : nowNanos) + intervalNanos;
    started = true;
  }
}
