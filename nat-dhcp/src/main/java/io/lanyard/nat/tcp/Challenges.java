package io.lanyard.nat.tcp;

import java.util.concurrent.TimeUnit;

/** The challenge acknowledgments of a connection, of which it sends ten per second at most. */
final class Challenges {
  /** RFC 5961 section 7 bounds them; it leaves the number open. */
  private static final int PER_SECOND = 10;

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private long since;
  private int sent;

  /** Whether one may be sent now, which then counts as sent. */
  boolean permits(long now) {
    if (now - since > SECOND || since == 0) {
      since = now;
      sent = 0;
    }
    return sent++ < PER_SECOND;
  }
}
