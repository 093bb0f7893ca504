package io.lanyard.vswitch;

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
   * The host's clocks.
   *
   * @return a clock that needs no closing
   */
  static Clock system() {
    return SystemClock.INSTANCE;
  }
}
