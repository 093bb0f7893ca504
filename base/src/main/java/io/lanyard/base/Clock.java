package io.lanyard.base;

import java.time.Instant;

/**
 * Time, as everything in Lanyard sees it, so that a test can stop it and step it.
 *
 * <p>Thread: any.
 */
public interface Clock {
  /**
   * Reads the monotonic clock.
   *
   * @return nanoseconds since an arbitrary origin; only differences mean anything
   */
  long nanoTime();

  /**
   * Reads the wall clock.
   *
   * @return the present instant, for records that outlive the process
   */
  Instant now();

  /**
   * Reads the time since the host booted. Unlike {@link #nanoTime}, it counts the time that the
   * host was suspended, and it goes on when the process is started again.
   *
   * @return nanoseconds since the boot that {@link #bootId} names
   */
  default long uptimeNanos() {
    return nanoTime();
  }

  /**
   * The boot of the host. Uptimes of different boots cannot be compared.
   *
   * @return a name that no other boot has
   */
  default String bootId() {
    return "";
  }

  /**
   * The host's clocks.
   *
   * @return a clock that needs no closing
   */
  static Clock system() {
    return SystemClock.INSTANCE;
  }
}
