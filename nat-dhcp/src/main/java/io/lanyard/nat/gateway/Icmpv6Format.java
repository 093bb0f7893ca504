package io.lanyard.nat.gateway;

import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Icmpv6;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.netty.buffer.ByteBuf;

/** ICMP errors as RFC 4443 has them. */
final class Icmpv6Format implements IcmpFormat {
  static final Icmpv6Format INSTANCE = new Icmpv6Format();

  /** RFC 4443 section 2.4 (c): as much as fits into the least MTU. */
  private static final int LARGEST = 1280;

  private Icmpv6Format() {}

  @Override
  public int ipHeader() {
    return Ipv6.HEADER_LENGTH;
  }

  @Override
  public int largest() {
    return LARGEST;
  }

  @Override
  public int length(Packet packet) {
    return Ipv6.HEADER_LENGTH + Ipv6.payloadLength(packet.frame(), packet.network());
  }

  /**
   * RFC 4443 section 2.4 (e): not about an ICMP error or redirect, nor a packet to a group. What it
   * excepts from the latter serves the world's groups, and none of those comes here.
   */
  @Override
  public boolean answerable(Packet packet, int available) {
    if (available < Ipv6.HEADER_LENGTH || packet.destinationHigh() >>> 56 == 0xff) {
      return false;
    }
    if (packet.protocol() != Ipv4.ICMP) {
      return true;
    }
    int at = packet.transport();
    return at < packet.end() && Icmpv6.type(packet.frame(), at) == Icmpv6.ECHO_REQUEST;
  }

  @Override
  public void write(
      ByteBuf frame, int ip, IcmpReport report, Address from, Address guest, int total, int id) {
    Ipv6.write(
        frame,
        ip,
        total - Ipv6.HEADER_LENGTH,
        Ipv6.ICMPV6,
        Ipv6Header.HOP_LIMIT,
        from.high(),
        from.low(),
        guest.high(),
        guest.low());
    int at = ip + Ipv6.HEADER_LENGTH;
    Icmpv6.setType(frame, at, report.type());
    Icmpv6.setCode(frame, at, report.code());
    frame.setInt(at + 4, report.information());
  }

  @Override
  public void quote(
      ByteBuf frame, int ip, int protocol, Address source, Address destination, int payload) {
    Ipv6.write(
        frame,
        ip,
        Math.min(65535, payload),
        Ipv6Header.protocol(protocol),
        1,
        source.high(),
        source.low(),
        destination.high(),
        destination.low());
  }

  @Override
  public void finish(ByteBuf frame, int ip, int total) {
    Icmpv6.finishChecksum(frame, ip, ip + Ipv6.HEADER_LENGTH, total - Ipv6.HEADER_LENGTH);
  }
}
