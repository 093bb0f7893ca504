package io.lanyard.nat.gateway;

import io.lanyard.nat.station.Station;
import io.netty.buffer.ByteBuf;

/**
 * What takes the packets of one protocol that the gateway does not answer itself: TCP, UDP, ICMP
 * echo.
 *
 * <p>Thread: the network's loop only. No method throws because of what a guest sent.
 */
public interface PacketEngine {
  /**
   * Takes a packet from a guest. The gateway has checked the IPv4 header, that the source may be a
   * guest and that the destination may be reached; of UDP and ICMP also the lengths and the
   * checksum, while TCP checks its own.
   *
   * @param from the station that sent it
   * @param frame lent for the length of the call, offload header at the reader index, its indexes
   *     unchanged on return; a super-frame is possible
   * @param ip index of the IPv4 header
   * @param at index of the transport header
   * @param end index behind the packet's last byte
   * @param destination where the packet leads on the host's side: its destination, or the host's
   *     loopback where that is what the destination stands for
   */
  void receive(Station from, ByteBuf frame, int ip, int at, int end, int destination);

  /** Ends a burst of {@link #receive}: what was put off until then is done now. */
  default void flush() {}

  /**
   * Takes an ICMP "destination unreachable" that a guest sent about a packet of ours. An engine
   * without use for it leaves it; the gateway has counted it.
   *
   * @param frame lent for the length of the call
   * @param quoted index of the quoted IPv4 header, of which that header and the eight bytes behind
   *     it are there
   * @param code the message's code
   */
  default void unreachable(ByteBuf frame, int quoted, int code) {}

  /**
   * Hears that nobody answers for a guest's address: what waited for it has been dropped, and what
   * is being opened to it will not open.
   *
   * @param guest the IPv4 address as a big-endian int
   */
  default void unanswered(int guest) {}
}
