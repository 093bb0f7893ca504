package io.lanyard.vswitch;

import io.netty.buffer.ByteBuf;

/**
 * An Ethernet switch in software.
 *
 * <p>Thread: the network's loop only.
 */
public interface Switch {
  /**
   * Plugs a port in.
   *
   * @param port a port whose name no other port of this switch has
   */
  void attach(Port port);

  /**
   * Unplugs a port and forgets the addresses behind it. Does not close it.
   *
   * @param port a port that is attached
   */
  void detach(Port port);

  /**
   * Takes a frame from a port and forwards it.
   *
   * @param from the port that it came in by
   * @param frame lent for the length of the call: offload header at the reader index, then the
   *     frame; the switch may finish its checksum in place
   */
  void receive(Port from, ByteBuf frame);

  /** Ends a burst: every port that was handed a frame since the last call is flushed. */
  void flush();
}
