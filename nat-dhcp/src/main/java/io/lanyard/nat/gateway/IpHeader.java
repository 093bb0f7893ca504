package io.lanyard.nat.gateway;

import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;

/**
 * The network layer of one way to a guest: the header that every packet from one address to another
 * has, of either family. A flow has one, so that no packet decides about its family.
 *
 * <p>Immutable.
 */
public sealed interface IpHeader permits Ipv4Header, Ipv6Header {
  /** The longest header that {@link #write} writes: IPv6's. */
  int LONGEST = 40;

  /**
   * A header for packets that may be fragmented on the guest's network.
   *
   * @param protocol the IP protocol number; 1 for the ICMP of either family
   * @param source who they come from, as the guest sees it
   * @param destination the guest, of the same family
   * @return the header
   */
  static IpHeader of(int protocol, Address source, Address destination) {
    return destination.isIpv4()
        ? new Ipv4Header(protocol, source.ipv4(), destination.ipv4(), false)
        : new Ipv6Header(protocol, source, destination);
  }

  /**
   * A header for packets that are never fragmented: their transport knows the path's MTU.
   *
   * @param protocol the IP protocol number; 1 for the ICMP of either family
   * @param source who they come from, as the guest sees it
   * @param destination the guest, of the same family
   * @return the header
   */
  static IpHeader unfragmented(int protocol, Address source, Address destination) {
    return destination.isIpv4()
        ? new Ipv4Header(protocol, source.ipv4(), destination.ipv4(), true)
        : new Ipv6Header(protocol, source, destination);
  }

  /**
   * The header's length.
   *
   * @return bytes
   */
  int length();

  /**
   * The kind of a TCP super-frame over this network layer.
   *
   * @return the virtio GSO type
   */
  int tcpGsoType();

  /**
   * Writes the header of a packet.
   *
   * @param frame where to
   * @param at index of its first byte
   * @param payload bytes behind the header
   */
  void write(ByteBuf frame, int at, int payload);

  /**
   * The sum of the pseudo-header (RFC 9293 section 3.1, RFC 768, RFC 8200 section 8.1).
   *
   * @param payload bytes behind the header
   * @return the folded sum, not complemented
   */
  int pseudoSum(int payload);
}
