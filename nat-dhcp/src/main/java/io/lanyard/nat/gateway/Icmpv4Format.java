package io.lanyard.nat.gateway;

import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.netty.buffer.ByteBuf;

/** ICMP errors as RFC 792 and RFC 1812 section 4.3 have them. */
final class Icmpv4Format implements IcmpFormat {
  static final Icmpv4Format INSTANCE = new Icmpv4Format();

  /** RFC 1812 section 4.3.2.3: as much as fits into 576 bytes. */
  private static final int LARGEST = 576;

  private static final int TTL = 64;

  private Icmpv4Format() {}

  @Override
  public int ipHeader() {
    return Ipv4.HEADER_LENGTH;
  }

  @Override
  public int largest() {
    return LARGEST;
  }

  @Override
  public int length(Packet packet) {
    return Ipv4.totalLength(packet.frame(), packet.network());
  }

  /** RFC 1812 section 4.3.2.7: not about an ICMP error, a later fragment, or a group's packet. */
  @Override
  public boolean answerable(Packet packet, int available) {
    ByteBuf from = packet.frame();
    int ip = packet.network();
    if (available < Ipv4.HEADER_LENGTH
        || Ipv4.fragmentOffset(from, ip) != 0
        || (int) packet.destinationLow() >>> 28 >= 0xe) {
      return false;
    }
    if (packet.protocol() != Ipv4.ICMP) {
      return true;
    }
    int at = Ipv4.headerLength(from, ip);
    return available > at && Icmp.type(from, ip + at) == Icmp.ECHO_REQUEST;
  }

  @Override
  public void write(
      ByteBuf frame, int ip, IcmpReport report, Address from, Address guest, int total, int id) {
    Ipv4.write(frame, ip, total, id, 0, TTL, Ipv4.ICMP, from.ipv4(), guest.ipv4());
    int at = ip + Ipv4.HEADER_LENGTH;
    Icmp.setType(frame, at, report.type());
    Icmp.setCode(frame, at, report.code());
    frame.setInt(at + 4, report.information());
  }

  @Override
  public void quote(
      ByteBuf frame, int ip, int protocol, Address source, Address destination, int payload) {
    int total = Math.min(65535, Ipv4.HEADER_LENGTH + payload);
    Ipv4.write(frame, ip, total, 0, 0, 1, protocol, source.ipv4(), destination.ipv4());
  }

  @Override
  public void finish(ByteBuf frame, int ip, int total) {
    Icmp.finishChecksum(frame, ip + Ipv4.HEADER_LENGTH, total - Ipv4.HEADER_LENGTH);
  }
}
