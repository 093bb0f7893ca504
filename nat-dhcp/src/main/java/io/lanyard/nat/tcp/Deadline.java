package io.lanyard.nat.tcp;

import io.lanyard.base.Timers;

/**
 * A timer that is moved with nearly every segment: moving it later only writes down the new time,
 * and the timer below finds out when it expires.
 */
final class Deadline {
  private final Timers timers;
  private final Timers.Timer timer;
  private final Runnable action;
  private boolean set;
  private long at;
  private long wakes;

  Deadline(Timers timers, Runnable action) {
    this.timers = timers;
    this.action = action;
    timer = timers.create(this::expire);
  }

  void set(long delayNanos) {
    long now = timers.clock().nanoTime();
    at = now + delayNanos;
    set = true;
    if (!timer.armed() || wakes - at > 0) {
      wakes = at;
      timer.arm(delayNanos);
    }
  }

  boolean isSet() {
    return set;
  }

  void clear() {
    set = false;
  }

  /** Takes the timer below out too; nothing expires any more. */
  void cancel() {
    set = false;
    timer.cancel();
  }

  private void expire() {
    if (!set) {
      return;
    }
    long left = at - timers.clock().nanoTime();
    if (left > 0) {
      wakes = at;
      timer.arm(left);
      return;
    }
    set = false;
    action.run();
  }
}
