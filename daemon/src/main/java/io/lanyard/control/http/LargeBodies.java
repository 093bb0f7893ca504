package io.lanyard.control.http;

/**
 * Counts the large bodies that a server holds at a time, so that they cannot take the memory of
 * frames.
 *
 * <p>Thread: the server's loop only.
 */
final class LargeBodies {
  /** A body up to this size costs no place. */
  static final int SMALL = 16 * 1024;

  /** 16 MiB of bodies at most. */
  private static final int PLACES = 16;

  /** The places that only the daemon's own user and root may have. */
  private static final int RESERVED = 4;

  private int taken;

  /**
   * Takes a place.
   *
   * @param trusted whether the sender is the daemon's own user, or root
   * @return false if there is none
   */
  boolean take(boolean trusted) {
    if (taken >= (trusted ? PLACES : PLACES - RESERVED)) {
      return false;
    }
    taken++;
    return true;
  }

  /** Gives places back that were taken. */
  void release(int count) {
    taken -= count;
  }
}
