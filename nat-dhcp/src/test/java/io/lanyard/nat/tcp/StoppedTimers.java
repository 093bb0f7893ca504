package io.lanyard.nat.tcp;

import io.lanyard.base.Clock;
import io.lanyard.base.Timers;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Timers on a clock that stands still until a test moves it. */
final class StoppedTimers implements Timers, Clock {
  private final List<Alarm> armed = new ArrayList<>();
  private long now = 1_000_000_000L;

  private final class Alarm implements Timer {
    private final Runnable action;
    private long at;

    Alarm(Runnable action) {
      this.action = action;
    }

    @Override
    public void arm(long delayNanos) {
      at = now + delayNanos;
      if (!armed.contains(this)) {
        armed.add(this);
      }
    }

    @Override
    public void cancel() {
      armed.remove(this);
    }

    @Override
    public boolean armed() {
      return armed.contains(this);
    }
  }

  @Override
  public Timer create(Runnable action) {
    return new Alarm(action);
  }

  @Override
  public Clock clock() {
    return this;
  }

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public Instant now() {
    return Instant.EPOCH.plusNanos(now);
  }

  int armedCount() {
    return armed.size();
  }

  /** When the next timer expires, or Long.MAX_VALUE. */
  long next() {
    long next = Long.MAX_VALUE;
    for (Alarm alarm : armed) {
      next = Math.min(next, alarm.at);
    }
    return next;
  }

  /** Lets time pass and runs what expires, each at its time. */
  void advance(long nanos) {
    long until = now + nanos;
    while (next() <= until) {
      now = Math.max(now, next());
      for (Alarm alarm : List.copyOf(armed)) {
        if (alarm.at <= now && armed.remove(alarm)) {
          alarm.action.run();
        }
      }
    }
    now = until;
  }

  void advanceMillis(long millis) {
    advance(millis * 1_000_000);
  }
}
