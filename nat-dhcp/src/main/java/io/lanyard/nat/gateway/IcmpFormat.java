package io.lanyard.nat.gateway;

import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;

/**
 * How ICMP errors of a family look: the IP header before them, and the header that they quote.
 *
 * <p>Stateless.
 */
sealed interface IcmpFormat permits Icmpv4Format, Icmpv6Format {
  /** The format of a family. */
  static IcmpFormat of(boolean ipv4) {
    return ipv4 ? Icmpv4Format.INSTANCE : Icmpv6Format.INSTANCE;
  }

  /** Bytes of an IP header without options. */
  int ipHeader();

  /** The most bytes of a whole error, IP header included. */
  int largest();

  /** Bytes of a packet at hand, by its own header. */
  int length(Packet packet);

  /**
   * Whether an error may be sent about a packet.
   *
   * @param packet a guest's packet
   * @param available bytes of it that are there
   */
  boolean answerable(Packet packet, int available);

  /**
   * Writes the IP header of an error, and the error's without its checksum.
   *
   * @param frame where to
   * @param ip index of the IP header
   * @param report what it says
   * @param from who says it
   * @param guest whom it is for
   * @param total bytes of the packet
   * @param id an identification, for the family that has one
   */
  void write(
      ByteBuf frame, int ip, IcmpReport report, Address from, Address guest, int total, int id);

  /**
   * Writes the header of a packet that is quoted and no longer at hand.
   *
   * @param protocol the protocol behind it; 1 for ICMP
   * @param payload how many bytes it had behind it
   */
  void quote(ByteBuf frame, int ip, int protocol, Address source, Address destination, int payload);

  /** Computes the checksum of an error of {@code total} bytes, IP header included. */
  void finish(ByteBuf frame, int ip, int total);
}
