package io.lanyard.nat.gateway;

import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;

/** An IPv4 header without options; what does not change is summed once. */
final class Ipv4Header implements IpHeader {
  private static final int VERSION_AND_LENGTH = 0x4500;
  private static final int TIME_TO_LIVE = 64;

  private final int source;
  private final int destination;
  private final int fragment;
  private final int lifeAndProtocol;
  private final long headerSum;
  private final long pseudoSum;

  Ipv4Header(int protocol, int source, int destination, boolean whole) {
    this.source = source;
    this.destination = destination;
    fragment = whole ? Ipv4.DONT_FRAGMENT : 0;
    lifeAndProtocol = TIME_TO_LIVE << 8 | protocol;
    long addresses =
        0L + (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff);
    headerSum = addresses + VERSION_AND_LENGTH + fragment + lifeAndProtocol;
    pseudoSum = addresses + protocol;
  }

  @Override
  public int length() {
    return Ipv4.HEADER_LENGTH;
  }

  @Override
  public int tcpGsoType() {
    return OffloadHeader.GSO_TCPV4;
  }

  /**
   * The identification is 0: with DF set the datagram is atomic (RFC 6864 section 4.1), and what is
   * fragmented gets one then.
   */
  @Override
  public void write(ByteBuf frame, int at, int payload) {
    int total = Ipv4.HEADER_LENGTH + payload;
    int checksum = ~Checksum.fold(headerSum + total) & 0xffff;
    frame.setInt(at, VERSION_AND_LENGTH << 16 | total);
    frame.setInt(at + 4, fragment);
    frame.setInt(at + 8, lifeAndProtocol << 16 | checksum);
    frame.setInt(at + 12, source);
    frame.setInt(at + 16, destination);
  }

  @Override
  public int pseudoSum(int payload) {
    return Checksum.fold(pseudoSum + payload);
  }
}
