package io.lanyard.base;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Something that has run out: a problem until nothing was refused for a minute. It names the holder
 * that counts at present; each holder is a line of the log once.
 *
 * <p>Thread: {@link #problem()} any, the rest one.
 */
public final class Shortage {
  private static final long OVER_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** How old the text may be: a flood of refusals does not make one for each. */
  private static final long STALE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Clock clock;

  /** The holders that were named since the shortage began. */
  private final Set<String> named = new HashSet<>();

  private long saidNanos;
  private volatile long refusedNanos;
  private volatile String text = "";

  /** The holder that was named last. */
  private String present = "";

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
   * @return whether the caller is to {@link #say} what is short: a shortage begins, or the holder
   *     may have changed since it was last said
   */
  public boolean refused() {
    long now = clock.nanoTime();
    boolean begins = problem().isEmpty();
    if (begins) {
      named.clear();
    }
    refusedNanos = now;
    return begins || now - saidNanos >= STALE_NANOS;
  }

  /**
   * Says what is short.
   *
   * @param holder who holds it, or is refused it
   * @param problem what is short and what to do about it, in words
   * @return whether this holder is named for the first time since the shortage began, so that the
   *     log is to say it, too
   */
  public boolean say(String holder, String problem) {
    saidNanos = clock.nanoTime();
    text = problem;
    present = holder;
    return named.add(holder);
  }

  /**
   * The present shortage.
   *
   * @return what was said of it last, not longer than a second before the last refusal; empty when
   *     it is over
   */
  public String problem() {
    String said = text;
    return said.isEmpty() || clock.nanoTime() - refusedNanos > OVER_NANOS ? "" : said;
  }

  /**
   * The present shortage, as far as it is one holder's.
   *
   * @param holder as it was given to {@link #say}
   * @return the {@link #problem} where it names this holder; else empty
   */
  public String problem(String holder) {
    return holder.equals(present) ? problem() : "";
  }
}
