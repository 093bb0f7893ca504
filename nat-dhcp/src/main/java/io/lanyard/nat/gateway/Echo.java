package io.lanyard.nat.gateway;

import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;

/** Answers pings to the gateway itself (RFC 792, RFC 1122 section 3.2.2.6). */
final class Echo {
  private static final int TTL = 64;

  private final Gateway gateway;

  Echo(Gateway gateway) {
    this.gateway = gateway;
  }

  void answer(Packet request) {
    int length = request.end - request.transport;
    int total = Ipv4.HEADER_LENGTH + length;
    ByteBuf frame = gateway.allocator().directBuffer(GuestLink.LINK_HEADROOM + total);
    try {
      frame.writerIndex(GuestLink.LINK_HEADROOM + total);
      OffloadHeader.clear(frame, 0);
      int answer = GuestLink.LINK_HEADROOM;
      int source = (int) request.destinationLow;
      int guest = (int) request.sourceLow;
      Ipv4.write(frame, answer, total, gateway.nextId(), 0, TTL, Ipv4.ICMP, source, guest);
      int icmp = answer + Ipv4.HEADER_LENGTH;
      frame.setBytes(icmp, request.frame, request.transport, length);
      Icmp.setType(frame, icmp, Icmp.ECHO_REPLY);
      Icmp.finishChecksum(frame, icmp, length);
      gateway.counters().count(GatewayCount.ECHO_ANSWERED);
      gateway.sendTo(frame, request.sourceMac());
    } finally {
      frame.release();
    }
  }
}
