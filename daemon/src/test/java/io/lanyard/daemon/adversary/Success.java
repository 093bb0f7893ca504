package io.lanyard.daemon.adversary;

/**
 * The successes of a round of an honest guest.
 *
 * @param connects TCP connections that were made, used and closed
 * @param pings echo requests to the world that were answered
 * @param answers DNS questions that were answered
 * @param transferred bytes of a transfer that came
 * @param leased whether a machine that is new gets a lease by DHCP
 * @param pingMillis the median time of a ping
 */
record Success(
    int connects, int pings, int answers, int transferred, boolean leased, double pingMillis) {
  /** Attempts of a round, of each kind. */
  static final int TRIES = 20;

  /** A round without failure. */
  static final Success ALL = new Success(TRIES, TRIES, TRIES, World.BYTES, true, 0);

  /**
   * Whether each kind has succeeded at least so often as in another round.
   *
   * @param percent of the other round's successes
   */
  boolean isAtLeast(int percent, Success other) {
    return 100 * connects >= percent * other.connects
        && 100 * pings >= percent * other.pings
        && 100 * answers >= percent * other.answers
        && 100L * transferred >= (long) percent * other.transferred
        && (leased || !other.leased);
  }
}
