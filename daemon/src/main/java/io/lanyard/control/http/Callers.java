package io.lanyard.control.http;

/**
 * Finds out who sends a request.
 *
 * <p>Thread: any; may be called for several requests at once, and may block.
 */
@FunctionalInterface
public interface Callers {
  /**
   * Whether a sender that was identified is still the same one. Asked about open streams.
   *
   * @param caller as it was identified
   * @param authorization what it was identified by
   * @return false if it is known no more, or may do other things now
   */
  default boolean isStill(Caller caller, String authorization) {
    return true;
  }

  /**
   * Identifies a request's sender.
   *
   * @param peer the other end of the connection: a user of the host ({@code user 1000}), or an
   *     address
   * @param authorization the request's Authorization header, or empty
   * @return the sender
   * @throws Problem 401 if the request does not prove who sends it
   */
  Caller identify(String peer, String authorization);
}
