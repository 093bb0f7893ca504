package io.lanyard.vswitch;

import io.lanyard.base.LogEvent;
import io.lanyard.vswitch.frame.Ethernet;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;

/**
 * Logs the refused frames of one port: for each cause a line at once, then one per minute at most,
 * with the number of frames since.
 *
 * <p>Thread: the network's loop only.
 */
final class RefusalLog {
  private static final System.Logger LOG = System.getLogger(Switch.class.getName());
  private static final long QUIET_NANOS = TimeUnit.MINUTES.toNanos(1);

  private static final int CAUSES = DropCause.values().length;

  private final long[] frames = new long[CAUSES];
  private final long[] quietUntil = new long[CAUSES];
  private final boolean[] said = new boolean[CAUSES];

  /** Logs a refused frame, or counts it for the next line. */
  void log(String network, Passage passage, DropCause cause, long now) {
    int i = cause.ordinal();
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
}
