package io.lanyard.nat.gateway;

import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Icmpv6;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;

/**
 * Answers pings to the gateway itself (RFC 792, RFC 1122 section 3.2.2.6, RFC 4443 section 4.2).
 */
final class Echo {
  private final Gateway gateway;

  Echo(Gateway gateway) {
    this.gateway = gateway;
  }

  void answer(Packet request) {
    Address guest = request.source();
    Address asked = request.destination();
    Address source = asked.isMulticast() ? gateway.addressTowards(guest) : asked;
    IpHeader header = IpHeader.of(Ipv4.ICMP, source, guest);
    int length = request.end - request.transport;
    int icmp = GuestLink.LINK_HEADROOM + header.length();
    ByteBuf frame = gateway.allocator().directBuffer(icmp + length);
    try {
      frame.writerIndex(icmp + length);
      OffloadHeader.clear(frame, 0);
      header.write(frame, GuestLink.LINK_HEADROOM, length);
      frame.setBytes(icmp, request.frame, request.transport, length);
      if (guest.isIpv4()) {
        Icmp.setType(frame, icmp, Icmp.ECHO_REPLY);
        Icmp.finishChecksum(frame, icmp, length);
      } else {
        Icmpv6.setType(frame, icmp, Icmpv6.ECHO_REPLY);
        Icmpv6.finishChecksum(frame, GuestLink.LINK_HEADROOM, icmp, length);
      }
      gateway.counters().count(GatewayCount.ECHO_ANSWERED);
      gateway.sendTo(frame, request.sourceMac(), request.station().budget());
    } finally {
      frame.release();
    }
  }
}
