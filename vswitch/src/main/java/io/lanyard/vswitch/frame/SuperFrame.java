package io.lanyard.vswitch.frame;

import io.netty.buffer.ByteBuf;

/**
 * A frame that stands for several on the wire, and how it is cut into them (TSO, USO).
 *
 * <p>Every method takes a frame that {@link OffloadCheck} accepted, reader index at the offload
 * header, and works for an ordinary frame as well: that is one segment.
 */
public final class SuperFrame {
  private SuperFrame() {}

  /**
   * Says whether a frame stands for several.
   *
   * @param frame the frame
   * @return whether its gso_type is another than none
   */
  public static boolean is(ByteBuf frame) {
    return OffloadHeader.gsoType(frame, frame.readerIndex()) != OffloadHeader.GSO_NONE;
  }

  /**
   * Measures the headers that each segment repeats, from the headers themselves: hdr_len is only a
   * hint.
   *
   * @param frame a super-frame
   * @return bytes from the start of the Ethernet frame
   */
  public static int headerLength(ByteBuf frame) {
    int header = frame.readerIndex();
    int start = OffloadHeader.checksumStart(frame, header);
    return start
        + (isUdp(frame, header)
            ? Udp.HEADER_LENGTH
            : Tcp.headerLength(frame, header + OffloadHeader.LENGTH + start));
  }

  private static boolean isUdp(ByteBuf frame, int header) {
    return OffloadHeader.gsoType(frame, header) == OffloadHeader.GSO_UDP_L4;
  }

  /**
   * Counts the wire frames that a frame stands for.
   *
   * @param frame the frame
   * @return at least 1
   */
  public static int segments(ByteBuf frame) {
    if (!is(frame)) {
      return 1;
    }
    int size = OffloadHeader.gsoSize(frame, frame.readerIndex());
    int payload = frame.readableBytes() - OffloadHeader.LENGTH - headerLength(frame);
    return payload <= size ? 1 : (payload + size - 1) / size;
  }

  /**
   * Counts the bytes of all the wire frames that a frame stands for.
   *
   * @param frame the frame
   * @param segments what {@link #segments} says
   * @return bytes, Ethernet headers included
   */
  public static int wireBytes(ByteBuf frame, int segments) {
    int length = frame.readableBytes() - OffloadHeader.LENGTH;
    return segments == 1 ? length : length + (segments - 1) * headerLength(frame);
  }

  /**
   * Measures the largest wire frame that a frame stands for.
   *
   * @param frame the frame
   * @return bytes, Ethernet header included
   */
  public static int largestSegment(ByteBuf frame) {
    int length = frame.readableBytes() - OffloadHeader.LENGTH;
    return is(frame)
        ? Math.min(length, headerLength(frame) + OffloadHeader.gsoSize(frame, frame.readerIndex()))
        : length;
  }

  /**
   * Writes one segment as an ordinary frame with finished checksums: lengths, IPv4 identification,
   * TCP sequence number; FIN and PSH on the last only, CWR on the first only (RFC 3168 section
   * 6.1.2).
   *
   * @param frame a super-frame; not changed
   * @param segment which one, from 0
   * @param into cleared and filled: offload header, then the frame; grows if it has to
   */
  public static void copySegment(ByteBuf frame, int segment, ByteBuf into) {
    int header = frame.readerIndex();
    int headers = headerLength(frame);
    int size = OffloadHeader.gsoSize(frame, header);
    int first = header + OffloadHeader.LENGTH + headers + segment * size;
    int payload = Math.min(size, frame.writerIndex() - first);
    into.clear();
    into.ensureWritable(OffloadHeader.LENGTH + headers + payload);
    OffloadHeader.clear(into, 0);
    into.setBytes(OffloadHeader.LENGTH, frame, header + OffloadHeader.LENGTH, headers);
    into.setBytes(OffloadHeader.LENGTH + headers, frame, first, payload);
    into.writerIndex(OffloadHeader.LENGTH + headers + payload);

    int start = OffloadHeader.LENGTH + OffloadHeader.checksumStart(frame, header);
    int end = into.writerIndex();
    boolean last = first + payload == frame.writerIndex();
    int protocol = isUdp(frame, header) ? Ipv4.UDP : Ipv4.TCP;
    if (protocol == Ipv4.UDP) {
      Udp.setLength(into, start, end - start);
      Udp.setChecksum(into, start, 0);
    } else {
      rewriteTcp(into, start, segment, size, last);
    }
    int ip = Ethernet.payload(into, OffloadHeader.LENGTH, end);
    long sum = Checksum.sum(into, start, end - start);
    if (into.getUnsignedShort(ip - 2) == Ethernet.TYPE_IPV4) {
      Ipv4.setTotalLength(into, ip, end - ip);
      Ipv4.setId(into, ip, Ipv4.id(into, ip) + segment);
      Ipv4.finishChecksum(into, ip);
      sum +=
          Checksum.pseudo4(
              Ipv4.source(into, ip), Ipv4.destination(into, ip), protocol, end - start);
    } else {
      Ipv6.setPayloadLength(into, ip, end - ip - Ipv6.HEADER_LENGTH);
      boolean extended = start - ip != Ipv6.HEADER_LENGTH;
      sum +=
          extended
              ? statedPseudo(frame, end - start)
              : Checksum.pseudo6(into, ip, protocol, end - start);
    }
    if (protocol == Ipv4.UDP) {
      Udp.setChecksum(into, start, Checksum.finishUdp(sum));
    } else {
      Tcp.setChecksum(into, start, Checksum.finish(sum));
    }
  }

  /**
   * The pseudo-header's sum as the sender has left it in the checksum field, for a segment's length
   * instead of the whole. Where there are extension headers only the sender knows which destination
   * is in it: with a routing header it is the final one (RFC 8200 section 8.1).
   */
  private static int statedPseudo(ByteBuf frame, int length) {
    int header = frame.readerIndex();
    int start = header + OffloadHeader.LENGTH + OffloadHeader.checksumStart(frame, header);
    int stated = frame.getUnsignedShort(start + OffloadHeader.checksumOffset(frame, header));
    return Checksum.updateUnfinished32(stated, frame.writerIndex() - start, length);
  }

  private static void rewriteTcp(ByteBuf into, int tcp, int segment, int size, boolean last) {
    int flags = Tcp.flags(into, tcp);
    if (!last) {
      flags &= ~(Tcp.FIN | Tcp.PSH);
    }
    if (segment > 0) {
      flags &= ~Tcp.CWR;
    }
    Tcp.setFlags(into, tcp, flags);
    Tcp.setSequence(into, tcp, Tcp.sequence(into, tcp) + segment * size);
    Tcp.setChecksum(into, tcp, 0);
  }
}
