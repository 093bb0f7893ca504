package io.lanyard.vswitch.frame;

import io.netty.buffer.ByteBuf;

/**
 * A frame that a virtio device has sent with its header taken off: what the header said is found
 * again in the frame.
 *
 * <p>A checksum that is unfinished holds the sum of the pseudo header (VIRTIO 1.2 section 5.1.6.2).
 * A finished one that happens to have that value comes out the same when it is finished again. A
 * TCP segment that is larger than the MTU can only be a super-frame.
 */
public final class UnfinishedFrame {
  private UnfinishedFrame() {}

  /**
   * Writes into a frame's offload header what is left to be done.
   *
   * @param frame reader index at an offload header that asks for nothing, the whole frame up to the
   *     writer index; left as it is where nothing is to be done, or nothing can be made of it
   * @param mtu the largest IP packet that is no super-frame, in bytes
   */
  public static void mark(ByteBuf frame, int mtu) {
    int at = frame.readerIndex() + OffloadHeader.LENGTH;
    int end = frame.writerIndex();
    int ip = end - at < Ethernet.HEADER_LENGTH ? -1 : Ethernet.payload(frame, at, end);
    if (ip < 0) {
      return;
    }
    int type = frame.getUnsignedShort(ip - 2);
    if (type == Ethernet.TYPE_IPV4 && end - ip >= Ipv4.HEADER_LENGTH) {
      mark4(frame, ip, end, mtu);
    } else if (type == Ethernet.TYPE_IPV6 && end - ip >= Ipv6.HEADER_LENGTH) {
      mark6(frame, ip, end, mtu);
    }
  }

  private static void mark4(ByteBuf frame, int ip, int end, int mtu) {
    int header = Ipv4.headerLength(frame, ip);
    int total = Ipv4.totalLength(frame, ip);
    if ((frame.getByte(ip) & 0xf0) != 0x40
        || header < Ipv4.HEADER_LENGTH
        || total < header
        || total > end - ip
        || Ipv4.isFragment(frame, ip)) {
      return;
    }
    int protocol = Ipv4.protocol(frame, ip);
    int sum =
        Checksum.fold(
            Checksum.pseudo4(
                Ipv4.source(frame, ip), Ipv4.destination(frame, ip), protocol, total - header));
    mark(frame, ip, ip + header, ip + total, protocol, sum, OffloadHeader.GSO_TCPV4, mtu);
  }

  private static void mark6(ByteBuf frame, int ip, int end, int mtu) {
    int stop = ip + Ipv6.HEADER_LENGTH + Ipv6.payloadLength(frame, ip);
    if ((frame.getByte(ip) & 0xf0) != 0x60 || stop > end) {
      return;
    }
    long upper = Ipv6.upperLayer(frame, ip, stop);
    if (upper == -1 || Ipv6.fragmented(upper)) {
      return;
    }
    int protocol = Ipv6.protocol(upper);
    int index = Ipv6.index(upper);
    int sum = Checksum.fold(Checksum.pseudo6(frame, ip, protocol, stop - index));
    mark(frame, ip, index, stop, protocol, sum, OffloadHeader.GSO_TCPV6, mtu);
  }

  private static void mark(
      ByteBuf frame, int ip, int index, int end, int protocol, int sum, int gso, int mtu) {
    boolean tcp = protocol == Ipv4.TCP;
    int field = tcp ? Tcp.CHECKSUM_OFFSET : Udp.CHECKSUM_OFFSET;
    if ((!tcp && protocol != Ipv4.UDP) || end - index < field + 2) {
      return;
    }
    int header = frame.readerIndex();
    int at = header + OffloadHeader.LENGTH;
    if (tcp && end - ip > mtu) {
      int length = Tcp.check(frame, index, end);
      int segment = mtu - (index + length - ip);
      if (length > 0 && segment > 0) {
        frame.setShort(index + field, sum);
        OffloadHeader.set(
            frame,
            header,
            OffloadHeader.NEEDS_CSUM,
            gso,
            index + length - at,
            segment,
            index - at,
            field);
      }
    } else if (frame.getUnsignedShort(index + field) == sum) {
      OffloadHeader.set(
          frame, header, OffloadHeader.NEEDS_CSUM, OffloadHeader.GSO_NONE, 0, 0, index - at, field);
    }
  }
}
