package io.lanyard.testing;

import io.lanyard.base.TimerWheel;
import io.lanyard.base.Timers;
import java.time.Duration;

/**
 * The product's timer wheel on a clock that a test moves: each timer expires at its own time. What
 * an action throws reaches the test.
 */
public final class SteppedTimers implements Timers {
  private final SteppedClock clock;
  private final TimerWheel wheel;

  /**
   * Makes timers.
   *
   * @param clock the clock that {@link #advance} moves
   */
  public SteppedTimers(SteppedClock clock) {
    this.clock = clock;
    this.wheel = new TimerWheel(clock, delay -> {}, SteppedTimers::rethrow);
  }

  /** Makes timers with a clock of their own. */
  public SteppedTimers() {
    this(new SteppedClock());
  }

  private static void rethrow(Throwable cause) {
    switch (cause) {
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(cause);
    }
  }

  @Override
  public Timer create(Runnable action) {
    return wheel.create(action);
  }

  @Override
  public SteppedClock clock() {
    return clock;
  }

  /**
   * Counts the timers that are armed.
   *
   * @return how many
   */
  public int armedCount() {
    return wheel.armedCount();
  }

  /**
   * Lets time pass, and runs every timer that expires meanwhile when it expires.
   *
   * @param step how long
   */
  public void advance(Duration step) {
    long left = step.toNanos();
    while (true) {
      long next = wheel.nextDelayNanos();
      if (next > left) {
        break;
      }
      clock.advanceNanos(next);
      left -= next;
      wheel.expire();
    }
    clock.advanceNanos(left);
  }

  /**
   * Lets time pass until the next timer expires.
   *
   * @return false if none was armed
   */
  public boolean advanceToNext() {
    int armed = wheel.armedCount();
    if (armed == 0) {
      return false;
    }
    long expired = wheel.expiries();
    while (wheel.expiries() == expired && wheel.armedCount() > 0) {
      clock.advanceNanos(wheel.nextDelayNanos());
      wheel.expire();
    }
    return true;
  }
}
