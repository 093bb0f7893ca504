package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import java.security.SecureRandom;
import java.util.function.Consumer;

/**
 * Cuts packets that are larger than the MTU on their way: the network's, or that of the port that
 * they leave by if that is less (RFC 791 section 2.3, RFC 8200 section 4.5).
 */
final class Fragmenter {
  private static final int FRAGMENT_HEADER = 8;

  /** A full-period generator: no number comes again within 2^32 (RFC 7739 section 5). */
  private static final int STEP = 1_664_525;

  private final Gateway gateway;
  private final Counters<GatewayCount> counters;

  /** Of the IPv6 packet that was fragmented last. */
  private int identification = new SecureRandom().nextInt();

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
   * @param way takes each piece, lent for the length of the call
   */
  void send(ByteBuf frame, int mtu, Consumer<ByteBuf> way) {
    int header = frame.readerIndex();
    int ip = header + GuestLink.LINK_HEADROOM;
    boolean ipv4 = frame.getByte(ip) >>> 4 == 4;
    if (ipv4 && (Ipv4.fragment(frame, ip) & Ipv4.DONT_FRAGMENT) != 0) {
      counters.count(GatewayCount.TOO_LARGE);
      return;
    }
    if ((OffloadHeader.flags(frame, header) & OffloadHeader.NEEDS_CSUM) != 0) {
      Checksum.complete(frame);
    }
    counters.count(GatewayCount.FRAGMENTED);
    if (ipv4) {
      sendIpv4(frame, header, ip, mtu, way);
    } else {
      sendIpv6(frame, header, ip, mtu, way);
    }
  }

  private void sendIpv4(ByteBuf frame, int header, int ip, int mtu, Consumer<ByteBuf> way) {
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
        way.accept(piece);
      } finally {
        piece.release();
      }
    }
  }

  /** The gateway stands for the sender, which is who may fragment in IPv6. */
  private void sendIpv6(ByteBuf frame, int header, int ip, int mtu, Consumer<ByteBuf> way) {
    int payload = Ipv6.payloadLength(frame, ip);
    int next = Ipv6.nextHeader(frame, ip);
    int most = (mtu - Ipv6.HEADER_LENGTH - FRAGMENT_HEADER) & ~7;
    int before = GuestLink.LINK_HEADROOM + Ipv6.HEADER_LENGTH;
    identification = identification * STEP + 1;
    for (int offset = 0; offset < payload; offset += most) {
      int length = Math.min(most, payload - offset);
      int data = before + FRAGMENT_HEADER;
      ByteBuf piece = gateway.allocator().directBuffer(data + length);
      try {
        piece.setBytes(0, frame, header, before);
        piece.setBytes(data, frame, header + before + offset, length);
        piece.writerIndex(data + length);
        OffloadHeader.clear(piece, 0);
        int at = GuestLink.LINK_HEADROOM;
        Ipv6.setPayloadLength(piece, at, FRAGMENT_HEADER + length);
        piece.setByte(at + 6, Ipv6.FRAGMENT);
        piece.setShort(before, next << 8);
        piece.setShort(before + 2, offset | (offset + length == payload ? 0 : 1));
        piece.setInt(before + 4, identification);
        counters.count(GatewayCount.IPV6_OUT);
        way.accept(piece);
      } finally {
        piece.release();
      }
    }
  }
}
