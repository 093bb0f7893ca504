package io.lanyard.vswitch;

/**
 * How much of what goes to all ports a port may cause: frames times the copies that are made of
 * them, a second.
 *
 * @param broadcast copies of broadcast frames
 * @param multicast copies of frames to other groups
 * @param unknown copies of frames to addresses that the switch does not know
 */
public record StormLimits(int broadcast, int multicast, int unknown) {
  /**
   * For a port of which nothing else is said. A copy costs the network's loop 1 to 2 µs: a port
   * that floods takes a tenth of it at most, and two ports that are looped a fifth. A lab of 250
   * guests that all ask by ARP twice a second needs less than half a second's worth in all.
   */
  public static final StormLimits DEFAULT = new StormLimits(20_000, 50_000, 50_000);

  /** Refuses limits that let nothing pass. */
  public StormLimits {
    if (broadcast < 1 || multicast < 1 || unknown < 1) {
      throw new IllegalArgumentException("a storm limit is at least 1 copy a second");
    }
  }
}
