package io.lanyard.vmm;

import java.lang.foreign.MemorySegment;

/**
 * One end of a link, which takes the frames of the other end.
 *
 * <p>A frame is a 12-byte {@code virtio_net_hdr_v1} (VIRTIO 1.2 section 5.1.6, little-endian) and
 * the Ethernet frame without FCS, in one native segment of exactly that length.
 *
 * <p>Thread: the daemon's sink, which a NIC gets by {@link InProcessNic#connect}, any, one at a
 * time; the NIC's own, which it gives by {@link InProcessNic#sink}, the network's loop only, so
 * that no method may block.
 */
public interface FrameSink {
  /**
   * Takes a frame.
   *
   * @param frame lent for the length of the call; read only
   * @return false if there was no room and the frame is lost; the taker counts it
   */
  boolean accept(MemorySegment frame);

  /** Ends a burst: passes on the frames that were accepted. */
  void flush();

  /**
   * The offloads that this end takes now. They may change when a guest negotiates.
   *
   * @return the offloads
   */
  NicOffloads offloads();
}
