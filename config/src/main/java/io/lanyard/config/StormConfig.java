package io.lanyard.config;

/**
 * How many copies a second of frames for all ports each port may cause.
 *
 * @param broadcast of broadcast frames, at least 1
 * @param multicast of frames to other groups, at least 1
 * @param unknown of frames to addresses that the switch does not know, at least 1
 */
public record StormConfig(int broadcast, int multicast, int unknown) {
  /**
   * The limits of a network whose file says nothing. A copy costs the network's loop 1 to 2 µs: a
   * port that floods takes a tenth of it at most, and two ports that are looped a fifth. A lab of
   * 250 guests that all ask by ARP twice a second needs less than half a second's worth in all.
   */
  public static final StormConfig DEFAULT = new StormConfig(20_000, 50_000, 50_000);
}
