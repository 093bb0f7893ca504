package io.lanyard.vswitch;

/**
 * What a port can take from the switch without help.
 *
 * <p>A port that lacks one of these gets frames that the switch has finished in software: checksums
 * filled in, super-frames segmented.
 *
 * @param checksum a frame whose TCP or UDP checksum is unfinished (VIRTIO 1.2 section 5.1.6,
 *     NEEDS_CSUM)
 * @param tso4 a TCP super-frame over IPv4
 * @param tso6 a TCP super-frame over IPv6
 * @param uso a UDP super-frame (UDP_L4)
 * @param largestFrame the largest wire frame in bytes, Ethernet header included, super-frames aside
 */
public record Offloads(
    boolean checksum, boolean tso4, boolean tso6, boolean uso, int largestFrame) {

  /** The largest super-frame: 64 KiB of IP packet and an Ethernet header with two tags. */
  public static final int LARGEST_SUPER_FRAME = 65535 + 14 + 8;

  /**
   * A port that takes plain wire frames only.
   *
   * @param largestFrame the largest wire frame in bytes
   * @return no offloads at all
   */
  public static Offloads none(int largestFrame) {
    return new Offloads(false, false, false, false, largestFrame);
  }

  /**
   * A port that takes whatever there is.
   *
   * @param largestFrame the largest wire frame in bytes
   * @return all offloads
   */
  public static Offloads all(int largestFrame) {
    return new Offloads(true, true, true, true, largestFrame);
  }
}
