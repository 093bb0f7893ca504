package io.lanyard.testing;

import io.lanyard.base.Clock;
import java.time.Duration;
import java.time.Instant;

/** A clock that stands still until a test moves it. */
public final class SteppedClock implements Clock {
  private long nanos;
  private Instant instant = Instant.parse("2026-01-01T00:00:00Z");

  /** Makes a clock. */
  public SteppedClock() {}

  @Override
  public long nanoTime() {
    return nanos;
  }

  @Override
  public Instant now() {
    return instant;
  }

  /**
   * Moves the clock; timers do not run by themselves: see {@link SteppedTimers#advance}.
   *
   * @param step how far
   */
  public void advance(Duration step) {
    advanceNanos(step.toNanos());
  }

  /**
   * Moves the clock.
   *
   * @param step how far, in nanoseconds
   */
  public void advanceNanos(long step) {
    nanos += step;
    instant = instant.plusNanos(step);
  }
}
