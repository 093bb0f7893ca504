package io.lanyard.nat.gateway;

import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;

/**
 * An IPv6 header without extension headers (RFC 8200 section 3); what does not change is summed
 * once.
 *
 * <p>The flow label is the same in all packets of the way and differs from that of most others (RFC
 * 6437 section 3). No router between gateway and guest reads it, so it need not tell the ports
 * apart.
 */
final class Ipv6Header implements IpHeader {
  /** As Linux sends. */
  static final int HOP_LIMIT = 64;

  private static final int VERSION = 0x6000_0000;
  private static final int LABEL_BITS = 0xf_ffff;

  private final long sourceHigh;
  private final long sourceLow;
  private final long destinationHigh;
  private final long destinationLow;
  private final int first;
  private final int next;
  private final long pseudoSum;

  Ipv6Header(int protocol, Address source, Address destination) {
    sourceHigh = source.high();
    sourceLow = source.low();
    destinationHigh = destination.high();
    destinationLow = destination.low();
    int hash = 31 * source.hashCode() + destination.hashCode();
    first = VERSION | (hash >>> 12 & LABEL_BITS);
    next = protocol(protocol);
    pseudoSum =
        words(sourceHigh)
            + words(sourceLow)
            + words(destinationHigh)
            + words(destinationLow)
            + next;
  }

  /** The number that an IPv6 header has for a protocol: ICMP is another one there. */
  static int protocol(int protocol) {
    return protocol == Ipv4.ICMP ? Ipv6.ICMPV6 : protocol;
  }

  private static long words(long bits) {
    return (bits >>> 48) + (bits >>> 32 & 0xffff) + (bits >>> 16 & 0xffff) + (bits & 0xffff);
  }

  @Override
  public int length() {
    return Ipv6.HEADER_LENGTH;
  }

  @Override
  public int tcpGsoType() {
    return OffloadHeader.GSO_TCPV6;
  }

  @Override
  public void write(ByteBuf frame, int at, int payload) {
    frame.setInt(at, first);
    frame.setInt(at + 4, payload << 16 | next << 8 | HOP_LIMIT);
    frame.setLong(at + 8, sourceHigh);
    frame.setLong(at + 16, sourceLow);
    frame.setLong(at + 24, destinationHigh);
    frame.setLong(at + 32, destinationLow);
  }

  @Override
  public int pseudoSum(int payload) {
    return Checksum.fold(pseudoSum + payload);
  }
}
