package io.lanyard.vswitch.port;

import io.lanyard.vswitch.Offloads;
import java.lang.foreign.MemorySegment;

/**
 * One end of a link inside this process, which takes the frames of the other end.
 *
 * <p>A frame is a 12-byte {@code virtio_net_hdr_v1} and the Ethernet frame without FCS, in one
 * native segment of exactly that length.
 *
 * <p>Thread: the end of the guest is called on the network's loop only and must not block; that of
 * the network any, one at a time.
 */
public interface FrameConsumer {
  /**
   * Takes a frame.
   *
   * @param frame lent for the length of the call; read only
   * @return false if there was no room and the frame is lost
   */
  boolean accept(MemorySegment frame);

  /** Ends a burst: what was accepted is passed on now. */
  void flush();

  /**
   * The offloads that this end takes now; they may change when a guest negotiates.
   *
   * @return the offloads
   */
  Offloads offloads();
}
