package io.lanyard.vswitch.frame;

import io.netty.buffer.ByteBuf;

/**
 * Tells an offload header that can be carried out from one that cannot.
 *
 * <p>A header comes from a guest and is input. What passes here may be given to {@link
 * Checksum#complete}, to {@link SuperFrame}, or to another kernel, without a look at it again.
 */
public final class OffloadCheck {
  /** Linux sends no smaller segment (TCP_MIN_SND_MSS); smaller ones only multiply work. */
  static final int LEAST_TCP_SEGMENT = 48;

  /** Linux cuts a UDP super-frame into at most this many datagrams (UDP_MAX_SEGMENTS). */
  public static final int MOST_UDP_SEGMENTS = 128;

  /** The answer of {@link #check} for a frame that must be dropped. */
  public static final int INVALID = -1;

  private OffloadCheck() {}

  /**
   * Whether a frame's offload header makes sense for this frame.
   *
   * @param frame reader index at the offload header, the whole frame up to the writer index, at
   *     least an Ethernet header
   * @return false if the frame must be dropped
   */
  public static boolean valid(ByteBuf frame) {
    return check(frame) != INVALID;
  }

  /**
   * Checks whether a frame's offload header makes sense for this frame, and measures the headers
   * that each segment repeats, from the headers themselves: hdr_len is only a hint.
   *
   * @param frame reader index at the offload header, the whole frame up to the writer index, at
   *     least an Ethernet header
   * @return {@link #INVALID} if the frame must be dropped; of a super-frame, the bytes from the
   *     start of the Ethernet frame to the payload; else 0
   */
  public static int check(ByteBuf frame) {
    int header = frame.readerIndex();
    int type = OffloadHeader.gsoType(frame, header);
    boolean needsChecksum = (OffloadHeader.flags(frame, header) & OffloadHeader.NEEDS_CSUM) != 0;
    if (!needsChecksum) {
      // VIRTIO 1.2 section 5.1.6.2: a super-frame comes with an unfinished checksum.
      return type == OffloadHeader.GSO_NONE ? 0 : INVALID;
    }
    int length = frame.writerIndex() - header - OffloadHeader.LENGTH;
    int start = OffloadHeader.checksumStart(frame, header);
    int field = start + OffloadHeader.checksumOffset(frame, header);
    if (start < Ethernet.HEADER_LENGTH || field + 2 > length) {
      return INVALID;
    }
    return type == OffloadHeader.GSO_NONE ? 0 : superFrame(frame, header, type, start, length);
  }

  private static int superFrame(ByteBuf frame, int header, int type, int start, int length) {
    int offset = OffloadHeader.checksumOffset(frame, header);
    int segment = OffloadHeader.gsoSize(frame, header);
    // hdr_len is a hint that may be too small (VIRTIO 1.2 section 5.1.6.2.1), but not too large.
    if (OffloadHeader.headerLength(frame, header) > length || segment == 0) {
      return INVALID;
    }
    int at = header + OffloadHeader.LENGTH;
    int end = at + length;
    return switch (type & ~OffloadHeader.GSO_ECN) {
      case OffloadHeader.GSO_TCPV4 ->
          offset == Tcp.CHECKSUM_OFFSET
                  && segment >= LEAST_TCP_SEGMENT
                  && ipv4(frame, at, end, start, Ipv4.TCP)
              ? tcp(frame, at, start, end)
              : INVALID;
      case OffloadHeader.GSO_TCPV6 ->
          offset == Tcp.CHECKSUM_OFFSET
                  && segment >= LEAST_TCP_SEGMENT
                  && ipv6(frame, at, end, start, Ipv4.TCP)
              ? tcp(frame, at, start, end)
              : INVALID;
      case OffloadHeader.GSO_UDP_L4 -> {
        int payload = length - start - Udp.HEADER_LENGTH;
        boolean valid =
            type == OffloadHeader.GSO_UDP_L4
                && offset == Udp.CHECKSUM_OFFSET
                && payload >= 0
                && payload <= MOST_UDP_SEGMENTS * segment
                && (ipv4(frame, at, end, start, Ipv4.UDP) || ipv6(frame, at, end, start, Ipv4.UDP));
        yield valid ? start + Udp.HEADER_LENGTH : INVALID;
      }
      default -> INVALID;
    };
  }

  private static int tcp(ByteBuf frame, int at, int start, int end) {
    int length = Tcp.check(frame, at + start, end);
    return length > 0 ? start + length : INVALID;
  }

  /**
   * Whether the checksum that an ordinary frame leaves unfinished, if any, is that of the TCP or
   * UDP header behind its IP header: to finish it then changes nothing else.
   *
   * @param frame a frame that {@link #check} accepted, no super-frame
   * @return false if it would be stored elsewhere
   */
  public static boolean isTransportChecksum(ByteBuf frame) {
    int header = frame.readerIndex();
    if ((OffloadHeader.flags(frame, header) & OffloadHeader.NEEDS_CSUM) == 0) {
      return true;
    }
    int at = header + OffloadHeader.LENGTH;
    int end = frame.writerIndex();
    int start = OffloadHeader.checksumStart(frame, header);
    int protocol =
        switch (OffloadHeader.checksumOffset(frame, header)) {
          case Tcp.CHECKSUM_OFFSET -> Ipv4.TCP;
          case Udp.CHECKSUM_OFFSET -> Ipv4.UDP;
          default -> -1;
        };
    return ipv4(frame, at, end, start, protocol) || ipv6(frame, at, end, start, protocol);
  }

  /** The lengths inside the IP header are not looked at: segmentation writes its own. */
  private static boolean ipv4(ByteBuf frame, int at, int end, int start, int protocol) {
    int ip = Ethernet.payload(frame, at, end);
    return ip > 0
        && end - ip >= Ipv4.HEADER_LENGTH
        && frame.getUnsignedShort(ip - 2) == Ethernet.TYPE_IPV4
        && (frame.getByte(ip) & 0xf0) == 0x40
        && Ipv4.headerLength(frame, ip) >= Ipv4.HEADER_LENGTH
        && ip + Ipv4.headerLength(frame, ip) == at + start
        && Ipv4.protocol(frame, ip) == protocol
        && !Ipv4.isFragment(frame, ip);
  }

  private static boolean ipv6(ByteBuf frame, int at, int end, int start, int protocol) {
    int ip = Ethernet.payload(frame, at, end);
    if (ip < 0
        || end - ip < Ipv6.HEADER_LENGTH
        || frame.getUnsignedShort(ip - 2) != Ethernet.TYPE_IPV6
        || (frame.getByte(ip) & 0xf0) != 0x60) {
      return false;
    }
    long upper = Ipv6.upperLayer(frame, ip, end);
    return upper != -1
        && !Ipv6.fragmented(upper)
        && Ipv6.protocol(upper) == protocol
        && Ipv6.index(upper) == at + start;
  }
}
