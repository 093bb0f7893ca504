package io.lanyard.machine.hart;

/**
 * The machine's {@code mtime}: 10 MHz, from the host's monotonic clock, one for all harts.
 *
 * <p>Thread: any.
 */
public final class Timebase {
  /** Ticks a second; goes into the device tree. */
  public static final long FREQUENCY = 10_000_000;

  /** Nanoseconds in a tick. */
  public static final long NANOS_PER_TICK = 1_000_000_000 / FREQUENCY;

  private volatile long origin = System.nanoTime();

  /** Starts at tick 0, now. */
  public Timebase() {}

  /**
   * The time.
   *
   * @return ticks
   */
  public long now() {
    return (System.nanoTime() - origin) / NANOS_PER_TICK;
  }

  /**
   * Sets the time, for a guest that writes {@code mtime} or is restored from a snapshot.
   *
   * @param ticks what the time is now
   */
  public void set(long ticks) {
    origin = System.nanoTime() - ticks * NANOS_PER_TICK;
  }

  /**
   * The time from now until another.
   *
   * @param ticks when; unsigned
   * @return nanoseconds, 0 if it has passed, at most about 146 years
   */
  public long nanosUntil(long ticks) {
    long now = now();
    if (Long.compareUnsigned(ticks, now) <= 0) {
      return 0;
    }
    long delta = ticks - now;
    return delta < 0 || delta > Long.MAX_VALUE / 2 / NANOS_PER_TICK
        ? Long.MAX_VALUE / 2
        : delta * NANOS_PER_TICK;
  }
}
