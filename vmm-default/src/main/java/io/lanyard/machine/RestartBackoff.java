package io.lanyard.machine;

import java.util.concurrent.TimeUnit;

/**
 * How long a guest that restarts itself again and again has to wait: not at all the first time,
 * then twice as long each time, until one of its runs was a healthy length.
 *
 * <p>Thread: one at a time.
 */
final class RestartBackoff {
  /** A guest that restarts at once costs 1 % of a core when it waits for this long. */
  private static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** A person who has mended the guest's disk does not want to wait longer. */
  static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** Longer than a kernel needs to boot and panic. */
  static final long HEALTHY_NANOS = TimeUnit.SECONDS.toNanos(60);

  private int quick;

  /**
   * Notes a restart.
   *
   * @param ranNanos how long the guest ran before
   * @return nanoseconds to wait before it starts again
   */
  long next(long ranNanos) {
    quick = ranNanos >= HEALTHY_NANOS ? 0 : quick + 1;
    return quick < 2 ? 0 : Math.min(LONGEST_NANOS, FIRST_NANOS << Math.min(quick - 2, 20));
  }

  /** How many times in a row the guest has restarted too soon. */
  int quick() {
    return quick;
  }

  /** Forgets what was. */
  void clear() {
    quick = 0;
  }
}
