package io.lanyard.control.http;

import java.time.Duration;

/**
 * How much of a server its clients may occupy.
 *
 * @param connections open connections in all
 * @param reserved how many of them only the daemon's own user and root may have
 * @param perClient open connections of one client: a user of the host on a UNIX socket, an address
 *     on TCP, of IPv6 a subnet of 64 bits; the daemon's own user and root are not limited by this
 * @param firstRequest how long a client may take from connecting to its first whole request
 */
public record Limits(int connections, int reserved, int perClient, Duration firstRequest) {
  /** For programs that send their request at once: only one that holds a place needs longer. */
  private static final Duration AT_ONCE = Duration.ofSeconds(5);

  /** Far more than a host's tools need, and far less than the descriptors a process has. */
  public static final Limits API = new Limits(256, 32, 112, AT_ONCE);

  /** For the API on TCP: some operators with a browser each. */
  public static final Limits REMOTE = new Limits(128, 0, 32, AT_ONCE);

  /** For a few collectors, which ask every few seconds. */
  public static final Limits METRICS = new Limits(32, 0, 8, AT_ONCE);

  /**
   * The limits of answers that have no end of their own, such as streams of events: half of each,
   * so that they leave connections for requests.
   *
   * @return limits whose {@code connections} are streams
   */
  Limits ofStreams() {
    return new Limits(
        Math.max(1, connections / 2), reserved / 2, Math.max(1, perClient / 2), firstRequest);
  }

  /**
   * Checks the limits.
   *
   * @throws IllegalArgumentException if one cannot hold
   */
  public Limits {
    if (connections < 1 || reserved < 0 || reserved >= connections || perClient < 1) {
      throw new IllegalArgumentException("connections, reserved or perClient");
    }
  }
}
