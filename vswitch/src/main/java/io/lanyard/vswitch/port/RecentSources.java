package io.lanyard.vswitch.port;

/**
 * The source addresses of frames that were led into the host's stack just now: the packet socket on
 * the same interface sees those frames come in.
 *
 * <p>One cell for each hash, which the last address has: the hash is secret, so that nobody drives
 * another's address out at will. Nothing is allocated, whatever the addresses are.
 *
 * <p>Thread: the network's loop only.
 */
final class RecentSources {
  /** A frame comes back in microseconds, and is read when the loop comes to it. */
  static final long NANOS = 1_000_000_000L;

  /** As many guests as an uplink has, and room between them. */
  private static final int CELLS = 1024;

  private static final int SHIFT = 64 - Integer.numberOfTrailingZeros(CELLS);

  private final long multiplier;
  private final long[] macs = new long[CELLS];
  private final long[] times = new long[CELLS];

  /**
   * Makes an empty table.
   *
   * @param seed random bits that guests do not know
   */
  RecentSources(long seed) {
    this.multiplier = seed | 1;
  }

  private int cell(long mac) {
    return (int) ((mac * multiplier) >>> SHIFT);
  }

  /** Notes that a frame from an address was led into the stack. */
  void add(long mac, long now) {
    int cell = cell(mac);
    macs[cell] = mac;
    times[cell] = now;
  }

  /** Whether an address is there at all: {@link #isRecent} needs the time. */
  boolean contains(long mac) {
    return macs[cell(mac)] == mac;
  }

  /** Whether a frame from an address was led into the stack within {@link #NANOS}. */
  boolean isRecent(long mac, long now) {
    return contains(mac) && now - times[cell(mac)] < NANOS;
  }
}
