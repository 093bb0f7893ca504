package io.lanyard.nat.tcp;

/**
 * Congestion control: NewReno (RFC 5681, RFC 6582) with the large initial window of RFC 6928 and
 * byte counting (RFC 3465). The link is a LAN inside one machine: what is lost is lost in a guest's
 * ring, not in a shared bottleneck, so nothing fancier is called for. After idle the window stays,
 * for the same reason (RFC 5681 section 4.1 is a SHOULD for paths whose state ages).
 */
final class Congestion {
  private final int mss;
  private final int limit;
  private int window;
  private int threshold;
  private int credit;

  /**
   * Starts in slow start.
   *
   * @param mss bytes a segment
   * @param limit the window never grows beyond this
   */
  Congestion(int mss, int limit) {
    this.mss = mss;
    this.limit = Math.max(limit, 10 * mss);
    // RFC 6928 section 2, without the 14600 bytes: on this link a segment may be 64 KiB.
    window = 10 * mss;
    threshold = Integer.MAX_VALUE;
  }

  int window() {
    return window;
  }

  boolean slowStart() {
    return window < threshold;
  }

  /**
   * New data was acknowledged.
   *
   * @param bytes how much
   */
  void acknowledged(int bytes) {
    if (slowStart()) {
      // RFC 3465 section 2.2 caps the growth of one acknowledgment at two segments; an
      // acknowledgment here stands for a whole super-frame, so what it covers is what counts.
      window = Math.min(limit, window + Math.min(bytes, threshold - window));
      return;
    }
    credit += bytes;
    if (credit >= window) {
      credit -= window;
      window = Math.min(limit, window + mss);
    }
  }

  /**
   * A loss was found by acknowledgments (RFC 5681 section 3.2).
   *
   * @param inFlight bytes in flight
   */
  void lost(int inFlight) {
    threshold = Math.max(inFlight / 2, 2 * mss);
    window = threshold;
    credit = 0;
  }

  /**
   * The retransmission timer expired (RFC 5681 section 3.1).
   *
   * @param inFlight bytes in flight
   * @param first false if the same segment timed out before: the threshold stays
   */
  void timedOut(int inFlight, boolean first) {
    if (first) {
      threshold = Math.max(inFlight / 2, 2 * mss);
    }
    window = mss;
    credit = 0;
  }
}
