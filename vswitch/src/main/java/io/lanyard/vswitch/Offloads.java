package io.lanyard.vswitch;

/**
 * The offloads of a port: frames that it takes from the switch without help.
 *
 * <p>A port that lacks one of these gets frames that the switch has finished in software: checksums
 * filled in, super-frames segmented.
 *
 * @param checksum a frame whose TCP or UDP checksum is unfinished (VIRTIO 1.2 section 5.1.6,
 *     NEEDS_CSUM)
 * @param tso4 a TCP super-frame over IPv4
 * @param tso6 a TCP super-frame over IPv6
 * @param uso a UDP super-frame (UDP_L4)
 */
public record Offloads(boolean checksum, boolean tso4, boolean tso6, boolean uso) {
  private static final Offloads[] EACH = new Offloads[16];

  static {
    for (int i = 0; i < EACH.length; i++) {
      EACH[i] = new Offloads((i & 1) != 0, (i & 2) != 0, (i & 4) != 0, (i & 8) != 0);
    }
  }

  /** A port that takes plain wire frames only. */
  public static final Offloads NONE = EACH[0];

  /** A port that takes everything. */
  public static final Offloads ALL = EACH[15];

  /**
   * The offloads of that kind, without making an object: a guest's port is asked for each frame.
   *
   * @param checksum unfinished checksums
   * @param tso4 TCP super-frames over IPv4
   * @param tso6 TCP super-frames over IPv6
   * @param uso UDP super-frames
   * @return one of the sixteen there are
   */
  public static Offloads of(boolean checksum, boolean tso4, boolean tso6, boolean uso) {
    return EACH[(checksum ? 1 : 0) | (tso4 ? 2 : 0) | (tso6 ? 4 : 0) | (uso ? 8 : 0)];
  }
}
