package io.lanyard.vswitch;

import io.netty.buffer.ByteBuf;

/**
 * Sees the frames that pass between a switch and its ports, without touching them.
 *
 * <p>Thread: the network's loop only.
 */
@FunctionalInterface
public interface FrameTap {
  /**
   * Takes a look at a frame: when it has come in and is well formed, and when a port has taken it.
   * Never throws.
   *
   * @param passage what is known of the frame; lent for the length of the call
   * @param port the port that it passes
   * @param received true if it comes in by the port, false if it leaves by it
   * @param frame lent for the length of the call and not to be changed: a valid offload header at
   *     the reader index, perhaps of a super-frame or with an unfinished checksum
   */
  void frame(Passage passage, Port port, boolean received, ByteBuf frame);
}
