package io.lanyard.nat.station;

/**
 * The time that a port is there, from its first frame until it is detached or loses its carrier. A
 * port that comes back has another one. It holds nothing of the port's, and may be kept for longer.
 *
 * <p>Thread: the network's loop only.
 */
public final class Presence {
  private boolean ended;
  private long endNanos;

  Presence() {}

  void end(long nowNanos) {
    ended = true;
    endNanos = nowNanos;
  }

  /**
   * Whether the port is gone.
   *
   * @return true once it was detached or has lost its carrier
   */
  public boolean ended() {
    return ended;
  }

  /**
   * The moment at which the port went.
   *
   * @return by the clock's {@code nanoTime}; only where {@link #ended}
   */
  public long endNanos() {
    return endNanos;
  }
}
