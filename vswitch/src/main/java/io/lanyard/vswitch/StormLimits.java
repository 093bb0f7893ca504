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
  /** Refuses limits that let nothing pass. */
  public StormLimits {
    if (broadcast < 1 || multicast < 1 || unknown < 1) {
      throw new IllegalArgumentException("a storm limit is at least 1 copy a second");
    }
  }
}
