package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;

/** Cuts packets that are larger than the network's MTU (RFC 791 section 2.3). */
final class Fragmenter {
  private final Gateway gateway;
  private final Counters<GatewayCount> counters;

  Fragmenter(Gateway gateway, Counters<GatewayCount> counters) {
    this.gateway = gateway;
    this.counters = counters;
  }

  /**
   * Sends a packet in pieces.
   *
   * @param frame whole but for its size, Ethernet header written; its checksum is finished here if
   *     it was not, since that of a piece means nothing
   * @param mtu the most bytes of a piece, IP header included
   */
  void send(ByteBuf frame, int mtu) {
    int header = frame.readerIndex();
    int ip = header + GuestLink.LINK_HEADROOM;
    if ((Ipv4.fragment(frame, ip) & Ipv4.DONT_FRAGMENT) != 0) {
      counters.count(GatewayCount.TOO_LARGE);
      return;
    }
    if ((OffloadHeader.flags(frame, header) & OffloadHeader.NEEDS_CSUM) != 0) {
      Checksum.complete(frame);
    }
    counters.count(GatewayCount.FRAGMENTED);
    int headerLength = Ipv4.headerLength(frame, ip);
    int payload = Ipv4.totalLength(frame, ip) - headerLength;
    int most = (mtu - headerLength) & ~7;
    int id = gateway.nextId();
    int before = GuestLink.LINK_HEADROOM + headerLength;
    for (int offset = 0; offset < payload; offset += most) {
      int length = Math.min(most, payload - offset);
      ByteBuf piece = gateway.allocator().directBuffer(before + length);
      try {
        piece.setBytes(0, frame, header, before);
        piece.setBytes(before, frame, header + before + offset, length);
        piece.writerIndex(before + length);
        OffloadHeader.clear(piece, 0);
        int at = GuestLink.LINK_HEADROOM;
        boolean last = offset + length == payload;
        Ipv4.setTotalLength(piece, at, headerLength + length);
        Ipv4.setId(piece, at, id);
        piece.setShort(at + 6, (offset >>> 3) | (last ? 0 : Ipv4.MORE_FRAGMENTS));
        Ipv4.finishChecksum(piece, at);
        counters.count(GatewayCount.IPV4_OUT);
        gateway.sendFrame(piece);
      } finally {
        piece.release();
      }
    }
  }
}
