package io.lanyard.vswitch.frame;

import io.netty.buffer.ByteBuf;

/**
 * A frame that stands for several on the wire, and how it is cut into them (TSO, USO).
 *
 * <p>A method that takes a frame takes one that {@link OffloadCheck} accepted, reader index at the
 * offload header.
 */
public final class SuperFrame {
  private SuperFrame() {}

  private static boolean isUdp(ByteBuf frame, int header) {
    return OffloadHeader.gsoType(frame, header) == OffloadHeader.GSO_UDP_L4;
  }

  /**
   * The number of wire frames that a super-frame stands for.
   *
   * @param length bytes of the Ethernet frame
   * @param headerLength what {@link OffloadCheck#check} says
   * @param size payload bytes of a segment, at least 1
   * @return at least 1
   */
  public static int segments(int length, int headerLength, int size) {
    int payload = length - headerLength;
    return payload <= size ? 1 : (payload + size - 1) / size;
  }

  /**
   * The bytes of all the wire frames that a super-frame stands for.
   *
   * @param length bytes of the Ethernet frame
   * @param headerLength what {@link OffloadCheck#check} says
   * @param segments what {@link #segments} says
   * @return bytes, Ethernet headers included
   */
  public static int wireBytes(int length, int headerLength, int segments) {
    return length + (segments - 1) * headerLength;
  }

  /**
   * The largest wire frame that a super-frame stands for.
   *
   * @param length bytes of the Ethernet frame
   * @param headerLength what {@link OffloadCheck#check} says
   * @param size payload bytes of a segment
   * @return bytes, Ethernet header included
   */
  public static int largestSegment(int length, int headerLength, int size) {
    return Math.min(length, headerLength + size);
  }

  /**
   * Writes one segment as an ordinary frame with finished checksums: lengths, IPv4 identification,
   * TCP sequence number; FIN and PSH on the last only, CWR on the first only (RFC 3168 section
   * 6.1.2).
   *
   * @param frame a super-frame; not changed
   * @param network bytes from the start of the Ethernet frame to the IP header
   * @param headers what {@link OffloadCheck#check} says
   * @param segment which one, from 0
   * @param into cleared and filled: offload header, then the frame; grows if it has to
   */
  public static void copySegment(
      ByteBuf frame, int network, int headers, int segment, ByteBuf into) {
    int header = frame.readerIndex();
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
    int ip = OffloadHeader.LENGTH + network;
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
