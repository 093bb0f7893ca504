package io.lanyard.nat.gateway;

import io.netty.buffer.ByteBuf;

/**
 * What takes the packets of one protocol that the gateway does not answer itself: UDP, ICMP echo.
 *
 * <p>Thread: the network's loop only.
 */
public interface PacketEngine {
  /**
   * Takes a packet from a guest. The gateway has checked the IPv4 header, that the source may be a
   * guest and that the destination may be reached, the transport header's lengths and the checksum.
   *
   * @param frame lent for the length of the call, offload header at the reader index; a super-frame
   *     of datagrams is possible
   * @param ip index of the IPv4 header
   * @param at index of the transport header
   * @param end index behind the packet's last byte
   * @param destination where the packet leads on the host's side: its destination, or the host's
   *     loopback where that is what the destination stands for
   */
  void receive(ByteBuf frame, int ip, int at, int end, int destination);
}
