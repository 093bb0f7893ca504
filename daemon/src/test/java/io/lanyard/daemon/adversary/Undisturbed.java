package io.lanyard.daemon.adversary;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A loop's time for a round while nobody attacks: the longest of the last few rounds, which were
 * made within the last minute. On a busy host they differ by half.
 *
 * <p>A round is the same work each time, so that this is a guest's rate, turned over. It is the
 * rate that the daemon answers for: how long a transfer takes by the clock depends on the
 * processors as well, which attacker, guests, servers and daemon share.
 */
final class Undisturbed {
  /** So few that all are of the host as it is now. */
  private static final int MOST = 5;

  private final Deque<Double> rounds = new ArrayDeque<>();

  /** Adds a round. */
  void add(double nanos) {
    rounds.add(nanos);
    if (rounds.size() > MOST) {
      rounds.remove();
    }
  }

  /** Whether there are as many rounds as it takes to know. */
  boolean isKnown() {
    return rounds.size() == MOST;
  }

  /** Nanoseconds of the longest one. */
  double nanos() {
    return rounds.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
  }
}
