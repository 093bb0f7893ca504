package io.lanyard.vswitch;

import io.lanyard.base.LogEvent;
import io.lanyard.base.RecentCount;
import io.lanyard.vswitch.frame.Ethernet;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The refused frames of one port. The log gets a line for each cause at once, then one per minute
 * at most, with the number of frames since. Many frames within a minute are a problem of the port.
 *
 * <p>Thread: the network's loop only.
 */
final class Refusals {
  private static final System.Logger LOG = System.getLogger(Switch.class.getName());
  private static final long QUIET_NANOS = TimeUnit.MINUTES.toNanos(1);

  /**
   * The wire frames of a cause within a minute that are a problem: what the stray frames of a guest
   * that starts or changes its address do not reach.
   */
  private static final int PROBLEM_FRAMES = 100;

  private static final DropCause[] CAUSES = DropCause.values();

  private final long[] frames = new long[CAUSES.length];
  private final long[] quietUntil = new long[CAUSES.length];
  private final boolean[] said = new boolean[CAUSES.length];

  /** The frames of the last minute by cause; made at the first of a cause. */
  private final @Nullable RecentCount[] recent = new RecentCount[CAUSES.length];

  /** Counts a refused frame, and logs it or keeps it for the next line. */
  void add(String network, Passage passage, DropCause cause, long now) {
    int i = cause.ordinal();
    RecentCount count = recent[i];
    if (count == null) {
      count = new RecentCount();
      recent[i] = count;
    }
    count.events(passage.segments, now);
    frames[i] += passage.segments;
    if (said[i] && now - quietUntil[i] < 0) {
      return;
    }
    said[i] = true;
    quietUntil[i] = now + QUIET_NANOS;
    LogEvent.of("frames-refused")
        .with("network", network)
        .with("port", passage.ingress().name())
        .with("cause", cause)
        .with("frames", frames[i])
        .with("source", Ethernet.format(passage.source))
        .with("advice", cause.advice())
        .log(LOG, Level.WARNING);
    frames[i] = 0;
  }

  /**
   * The port's problem with its remedy, or an empty text. Storms have one of their own ({@link
   * StormControl#problem}).
   */
  String problem(long now) {
    StringBuilder text = new StringBuilder();
    for (DropCause cause : CAUSES) {
      RecentCount count = recent[cause.ordinal()];
      long number = count == null || cause.isStorm() ? 0 : count.count(now);
      if (number >= PROBLEM_FRAMES) {
        text.append(text.isEmpty() ? "" : "; ")
            .append(number)
            .append(" frames were refused within a minute (")
            .append(cause.label())
            .append("): ")
            .append(cause.advice());
      }
    }
    return text.toString();
  }
}
