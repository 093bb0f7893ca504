package io.lanyard.nat.tcp;

import java.util.concurrent.TimeUnit;

/** The retransmission timeout (RFC 6298), in nanoseconds. */
final class Rto {
  /**
   * RFC 6298 section 2.4 asks for 1 s against spurious timeouts on long paths; this link ends in
   * the same machine, and its guests' own stacks (Linux: 200 ms) take less too.
   */
  static final long MINIMUM = TimeUnit.MILLISECONDS.toNanos(200);

  /** RFC 6298 section 2.5: at least 60 s. */
  static final long MAXIMUM = TimeUnit.SECONDS.toNanos(60);

  /** RFC 6298 section 2.1. */
  static final long INITIAL = TimeUnit.SECONDS.toNanos(1);

  private long smoothed = -1;
  private long variation;
  private long timeout = INITIAL;
  private int backoff;

  /** Takes a round-trip time of a segment that was sent once (Karn's algorithm, section 3). */
  void sample(long nanos) {
    long r = Math.clamp(nanos, 1, MAXIMUM);
    if (smoothed < 0) {
      smoothed = r;
      variation = r / 2;
    } else {
      variation += (Math.abs(smoothed - r) - variation) / 4;
      smoothed += (r - smoothed) / 8;
    }
    timeout = Math.clamp(smoothed + 4 * variation, MINIMUM, MAXIMUM);
    backoff = 0;
  }

  /** The present timeout, backed off. */
  long timeout() {
    return Math.min(timeout << Math.min(backoff, 16), MAXIMUM);
  }

  /** The smoothed round-trip time, or -1 before the first sample. */
  long smoothed() {
    return smoothed;
  }

  /** Doubles the timeout (section 5.5). */
  void backOff() {
    backoff++;
  }

  /** New data was acknowledged: the path works again. */
  void relax() {
    backoff = 0;
  }
}
