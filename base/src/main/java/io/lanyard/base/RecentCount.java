package io.lanyard.base;

import java.util.concurrent.TimeUnit;

/**
 * How often an event has come within the last minute.
 *
 * <p>The minute is twelve slices of five seconds, of which the oldest goes when a new one begins:
 * an event counts for 55 to 60 seconds.
 *
 * <p>Thread: the owner's.
 */
public final class RecentCount {
  private static final long SLICE_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final int SLICES = 12;

  private final long[] slices = new long[SLICES];

  /** The number of the newest slice in which an event has come. */
  private long newest;

  private long sum;

  /** Makes a count of nothing. */
  public RecentCount() {}

  /**
   * Counts an event.
   *
   * @param now the time, by the clock's {@code nanoTime}
   */
  public void event(long now) {
    events(1, now);
  }

  /**
   * Counts events that came together.
   *
   * @param number how many
   * @param now the time, by the clock's {@code nanoTime}
   */
  public void events(int number, long now) {
    forget(now);
    newest = slice(now);
    slices[place(newest)] += number;
    sum += number;
  }

  /**
   * The number of events in the last minute.
   *
   * @param now the time, by the same clock
   * @return events
   */
  public long count(long now) {
    forget(now);
    return sum;
  }

  /** Drops what is older than a minute. */
  private void forget(long now) {
    long present = slice(now);
    for (long oldest = newest - SLICES + 1; sum > 0 && oldest <= present - SLICES; oldest++) {
      sum -= slices[place(oldest)];
      slices[place(oldest)] = 0;
    }
  }

  private static long slice(long now) {
    return Math.floorDiv(now, SLICE_NANOS);
  }

  private static int place(long slice) {
    return (int) Math.floorMod(slice, (long) SLICES);
  }
}
