package io.lanyard.nat.forward;

import io.lanyard.config.ForwardConfig;
import org.jspecify.annotations.Nullable;

/**
 * A forward as it stands, for a listing.
 *
 * @param forward as declared
 * @param listening whether the host's ports are open, all of them
 * @param problem why not; null while it is
 * @param port the first of the host's ports that is open: the declared one, or what the host chose
 *     for port 0
 * @param accepted connections, or clients, that came
 * @param refused those that found no guest or no place
 * @param active those that are there now
 * @param bytesToGuest bytes that guests got from ended and present ones, IP headers included
 * @param bytesFromGuest bytes that guests sent
 */
public record ForwardStatus(
    ForwardConfig forward,
    boolean listening,
    @Nullable String problem,
    int port,
    long accepted,
    long refused,
    int active,
    long bytesToGuest,
    long bytesFromGuest) {
  /** This one with the counters of another port added. */
  ForwardStatus and(ForwardStatus other) {
    return new ForwardStatus(
        forward,
        listening,
        problem,
        port,
        accepted + other.accepted,
        refused + other.refused,
        active + other.active,
        bytesToGuest + other.bytesToGuest,
        bytesFromGuest + other.bytesFromGuest);
  }

  /** The same counters as those of a whole forward. */
  ForwardStatus of(ForwardConfig whole, boolean isListening, @Nullable String itsProblem) {
    return new ForwardStatus(
        whole,
        isListening,
        itsProblem,
        port,
        accepted,
        refused,
        active,
        bytesToGuest,
        bytesFromGuest);
  }
}
