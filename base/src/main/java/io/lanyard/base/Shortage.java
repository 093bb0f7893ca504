package io.lanyard.base;

import java.util.concurrent.TimeUnit;

/**
 * Something that has run out: said once when it begins, and a problem until nothing was refused for
 * a minute.
 *
 * <p>Thread: {@link #refused} one, {@link #problem} any.
 */
public final class Shortage {
  private static final long OVER_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Clock clock;
  private volatile long refusedNanos;
  private volatile String text = "";

  /**
   * Makes one that has not begun.
   *
   * @param clock what tells how long it is over
   */
  public Shortage(Clock clock) {
    this.clock = clock;
  }

  /**
   * Notes that something was refused.
   *
   * @return whether a shortage begins with it, so that the caller {@link #begin}s it
   */
  public boolean refused() {
    boolean fresh = problem().isEmpty();
    refusedNanos = clock.nanoTime();
    return fresh;
  }

  /**
   * Says what is short.
   *
   * @param problem what is short and what to do about it, in words
   */
  public void begin(String problem) {
    text = problem;
  }

  /**
   * The present shortage.
   *
   * @return what was said when it began; empty when it is over
   */
  public String problem() {
    String present = text;
    return present.isEmpty() || clock.nanoTime() - refusedNanos > OVER_NANOS ? "" : present;
  }
}
