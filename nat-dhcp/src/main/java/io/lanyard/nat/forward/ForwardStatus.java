package io.lanyard.nat.forward;

import io.lanyard.config.ForwardConfig;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A forward as it stands, for a listing.
 *
 * @param forward as declared
 * @param listening whether the host's ports are open, all of them
 * @param problem why not; null while it is
 * @param shortage which of its places are all taken, and what to do about it; null while nobody
 *     misses one
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
    @Nullable String shortage,
    int port,
    long accepted,
    long refused,
    int active,
    long bytesToGuest,
    long bytesFromGuest) {
  /**
   * All that is wrong with it, with what to do about it.
   *
   * @return nothing while it listens and has places
   */
  public List<String> problems() {
    return Stream.of(problem, shortage).flatMap(Stream::ofNullable).toList();
  }

  /** This one with the counters of another port added. */
  ForwardStatus and(ForwardStatus other) {
    return new ForwardStatus(
        forward,
        listening,
        problem,
        shortage,
        port,
        accepted + other.accepted,
        refused + other.refused,
        active + other.active,
        bytesToGuest + other.bytesToGuest,
        bytesFromGuest + other.bytesFromGuest);
  }

  /** The same counters as those of a whole forward. */
  ForwardStatus of(
      ForwardConfig whole,
      boolean isListening,
      @Nullable String itsProblem,
      @Nullable String itsShortage) {
    return new ForwardStatus(
        whole,
        isListening,
        itsProblem,
        itsShortage,
        port,
        accepted,
        refused,
        active,
        bytesToGuest,
        bytesFromGuest);
  }
}
