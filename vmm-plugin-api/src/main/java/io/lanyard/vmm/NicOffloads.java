package io.lanyard.vmm;

/**
 * The kinds of frame that one end of a link takes besides finished wire frames.
 *
 * @param checksum frames whose TCP or UDP checksum is unfinished (NEEDS_CSUM)
 * @param tso4 TCP super-frames over IPv4
 * @param tso6 TCP super-frames over IPv6
 * @param uso UDP super-frames (UDP_L4)
 */
public record NicOffloads(boolean checksum, boolean tso4, boolean tso6, boolean uso) {
  /** Finished wire frames only. */
  public static final NicOffloads NONE = new NicOffloads(false, false, false, false);

  /** All of them. */
  public static final NicOffloads ALL = new NicOffloads(true, true, true, true);
}
