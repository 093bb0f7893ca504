package io.lanyard.config;

/**
 * How many copies a second of frames for all ports each port may cause.
 *
 * @param broadcast of broadcast frames, at least 1
 * @param multicast of frames to other groups, at least 1
 * @param unknown of frames to addresses that the switch does not know, at least 1
 */
public record StormConfig(int broadcast, int multicast, int unknown) {
  /** The limits of a network whose file says nothing. */
  public static final StormConfig DEFAULT = new StormConfig(20_000, 50_000, 50_000);
}
