package io.lanyard.base;

import java.util.concurrent.TimeUnit;

/**
 * An event that comes in spells: the count of the present one. A spell is over when the event has
 * not come for a minute.
 *
 * <p>Thread: the owner's.
 */
public final class Spell {
  private static final long OVER_NANOS = TimeUnit.MINUTES.toNanos(1);

  private long count;
  private long lastNanos;

  /** Makes a spell that has not begun. */
  public Spell() {}

  /**
   * Counts an event.
   *
   * @param now the time, by the clock's {@code nanoTime}
   */
  public void event(long now) {
    count = count(now) + 1;
    lastNanos = now;
  }

  /**
   * The number of events in the present spell.
   *
   * @param now the time, by the same clock
   * @return 0 where no spell lasts
   */
  public long count(long now) {
    return count == 0 || now - lastNanos > OVER_NANOS ? 0 : count;
  }
}
