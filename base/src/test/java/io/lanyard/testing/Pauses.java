package io.lanyard.testing;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The moments in which this process had no processor, or the whole host stood still, as a virtual
 * machine does that is moved or whose own host is busy. A thread that does nothing but wake up sees
 * them. A time that a test limits may be longer by such a pause.
 *
 * <p>Thread: any.
 */
public final class Pauses implements AutoCloseable {
  private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  /** Below this nobody's limit is touched. */
  private static final long LEAST_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final Queue<Pause> seen = new ConcurrentLinkedQueue<>();
  private volatile long awake = System.nanoTime();
  private volatile boolean closed;

  /** One of them, by {@link System#nanoTime}. */
  private record Pause(long end, long nanos) {}

  /** Begins to look. */
  public Pauses() {
    Thread.ofPlatform().daemon().name("pauses").start(this::watch);
  }

  private void watch() {
    while (!closed) {
      LockSupport.parkNanos(STEP_NANOS);
      long now = System.nanoTime();
      if (now - awake > LEAST_NANOS) {
        seen.add(new Pause(now, now - awake));
      }
      awake = now;
    }
  }

  /**
   * The pauses that ended since then, together, with one that has not ended yet.
   *
   * @param since by {@link System#nanoTime}
   * @return nanoseconds
   */
  public long nanosSince(long since) {
    long present = System.nanoTime() - awake;
    long ended = seen.stream().filter(p -> p.end - since >= 0).mapToLong(Pause::nanos).sum();
    return ended + (present > LEAST_NANOS ? present : 0);
  }

  /**
   * The longest pause that ended since then, or that has not ended yet: the most that one thing
   * which was done meanwhile can have been kept from its end by.
   *
   * @param since by {@link System#nanoTime}
   * @return nanoseconds
   */
  public long longestNanosSince(long since) {
    long present = System.nanoTime() - awake;
    long ended =
        seen.stream().filter(p -> p.end - since >= 0).mapToLong(Pause::nanos).max().orElse(0);
    return Math.max(ended, present > LEAST_NANOS ? present : 0);
  }

  @Override
  public void close() {
    closed = true;
  }
}
