package io.lanyard.nat.tcp;

import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;

/** The IPv4 header of a connection's segments; what does not change is summed once. */
final class Ipv4Header implements IpHeader {
  private static final int VERSION_AND_LENGTH = 0x4500;
  private static final int TIME_TO_LIVE = 64;

  private final int local;
  private final int guest;
  private final long headerSum;
  private final long pseudoSum;

  Ipv4Header(int local, int guest) {
    this.local = local;
    this.guest = guest;
    long addresses = 0L + (local >>> 16) + (local & 0xffff) + (guest >>> 16) + (guest & 0xffff);
    headerSum =
        addresses + VERSION_AND_LENGTH + Ipv4.DONT_FRAGMENT + (TIME_TO_LIVE << 8 | Ipv4.TCP);
    pseudoSum = addresses + Ipv4.TCP;
  }

  @Override
  public int length() {
    return Ipv4.HEADER_LENGTH;
  }

  @Override
  public int gsoType() {
    return OffloadHeader.GSO_TCPV4;
  }

  /** The identification is 0: with DF set the datagram is atomic (RFC 6864 section 4.1). */
  @Override
  public void write(ByteBuf frame, int at, int tcpLength) {
    int total = Ipv4.HEADER_LENGTH + tcpLength;
    int checksum = ~Checksum.fold(headerSum + total) & 0xffff;
    frame.setInt(at, VERSION_AND_LENGTH << 16 | total);
    frame.setInt(at + 4, Ipv4.DONT_FRAGMENT);
    frame.setInt(at + 8, (TIME_TO_LIVE << 8 | Ipv4.TCP) << 16 | checksum);
    frame.setInt(at + 12, local);
    frame.setInt(at + 16, guest);
  }

  @Override
  public int pseudoSum(int tcpLength) {
    return Checksum.fold(pseudoSum + tcpLength);
  }

  @Override
  public void send(GuestLink link, ByteBuf frame) {
    link.sendIpv4(frame, guest);
  }
}
