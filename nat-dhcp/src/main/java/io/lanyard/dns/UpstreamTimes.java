package io.lanyard.dns;

import java.time.Duration;

/**
 * How long upstream servers have.
 *
 * @param attempt until the next server is asked too
 * @param query until the guest is told that nobody answers
 */
record UpstreamTimes(Duration attempt, Duration query) {
  /** Less than guests' resolvers wait: 5 s for an attempt, 10 s in all. */
  static final UpstreamTimes USUAL =
      new UpstreamTimes(Duration.ofMillis(1500), Duration.ofSeconds(8));
}
