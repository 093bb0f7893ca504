package io.lanyard.nat.gateway;

import io.lanyard.base.Clock;
import io.lanyard.base.Counters;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;

/**
 * Tells guests by ICMP why a packet of theirs went no further (RFC 792, RFC 1812 section 4.3), at a
 * limited rate for each station and each port.
 *
 * <p>Thread: the network's loop only. Nothing here throws; an error that may not be sent is counted
 * or left out.
 */
public final class IcmpErrors {
  /** RFC 1812 section 4.3.2.3: as much as fits into 576 bytes. */
  private static final int LARGEST = 576;

  private static final int TTL = 64;

  private final Gateway gateway;
  private final GatewayAddresses addresses;
  private final Clock clock;
  private final Counters<GatewayCount> counters;

  IcmpErrors(Gateway gateway, GatewayAddresses addresses, Counters<GatewayCount> counters) {
    this.gateway = gateway;
    this.addresses = addresses;
    this.counters = counters;
    clock = gateway.timers().clock();
  }

  /**
   * Sends an error of the gateway's about a packet that is at hand, unless that is a packet that
   * must not be answered so (RFC 1812 section 4.3.2.7).
   *
   * @param reason why it went no further
   * @param packet lent, not changed: the guest's packet
   */
  public void send(IcmpReason reason, Packet packet) {
    send(IcmpReport.of(reason), packet);
  }

  /**
   * Sends an error about a packet that is at hand, unless that is a packet that must not be
   * answered so (RFC 1812 section 4.3.2.7).
   *
   * @param report the error
   * @param packet lent, not changed: the guest's packet
   */
  public void send(IcmpReport report, Packet packet) {
    ByteBuf from = packet.frame();
    int available = from.writerIndex() - packet.network();
    if (!addresses.mayBeGuest(packet.sourceHigh(), packet.sourceLow())
        || !answerable(packet, available)
        || !permitted(packet.station())) {
      return;
    }
    int length =
        Math.min(
            Math.min(available, Ipv4.totalLength(from, packet.network())),
            LARGEST - Ipv4.HEADER_LENGTH - Icmp.HEADER_LENGTH);
    ByteBuf frame = begin(report, (int) packet.sourceLow(), length);
    try {
      int at = GuestLink.LINK_HEADROOM + Ipv4.HEADER_LENGTH;
      frame.setBytes(at + Icmp.HEADER_LENGTH, from, packet.network(), length);
      finish(frame, at, length, packet.sender());
    } finally {
      frame.release();
    }
  }

  /**
   * Sends an error about a packet that is no longer at hand: its header is made anew from what is
   * known of it.
   *
   * @param report the error
   * @param flow the flow that the packet belonged to
   * @param guest the guest's end of the flow
   * @param transport the first eight bytes of the packet's transport header
   * @param payload bytes that it had behind its IP header
   */
  public void about(IcmpReport report, Flow flow, Neighbour guest, long transport, int payload) {
    Station station = guest.station();
    if (station == null || !permitted(station)) {
      return; // nobody is there to be told
    }
    int quoted = Ipv4.HEADER_LENGTH + Long.BYTES;
    ByteBuf frame = begin(report, guest.address().ipv4(), quoted);
    try {
      int at = GuestLink.LINK_HEADROOM + Ipv4.HEADER_LENGTH;
      int ip = at + Icmp.HEADER_LENGTH;
      int total = Math.min(65535, Ipv4.HEADER_LENGTH + payload);
      int source = flow.guest().ipv4();
      int destination = flow.remote().ipv4();
      Ipv4.write(frame, ip, total, 0, 0, 1, flow.protocol(), source, destination);
      frame.setLong(ip + Ipv4.HEADER_LENGTH, transport);
      finish(frame, at, quoted, guest);
    } finally {
      frame.release();
    }
  }

  private ByteBuf begin(IcmpReport report, int guest, int length) {
    int total = Ipv4.HEADER_LENGTH + Icmp.HEADER_LENGTH + length;
    ByteBuf frame = gateway.allocator().directBuffer(GuestLink.LINK_HEADROOM + total);
    frame.writerIndex(GuestLink.LINK_HEADROOM + total);
    OffloadHeader.clear(frame, 0);
    int ip = GuestLink.LINK_HEADROOM;
    Address router = report.router();
    int from = router == null ? addresses.gateway().ipv4() : router.ipv4();
    Ipv4.write(frame, ip, total, gateway.nextId(), 0, TTL, Ipv4.ICMP, from, guest);
    int at = ip + Ipv4.HEADER_LENGTH;
    Icmp.setType(frame, at, report.type());
    Icmp.setCode(frame, at, report.code());
    frame.setInt(at + 4, report.information());
    return frame;
  }

  private void finish(ByteBuf frame, int at, int length, Neighbour guest) {
    Icmp.finishChecksum(frame, at, Icmp.HEADER_LENGTH + length);
    counters.count(GatewayCount.ICMP_ERRORS_OUT);
    gateway.send(frame, guest);
  }

  /** RFC 1812 section 4.3.2.7: not about an ICMP error, a later fragment, or a broadcast. */
  private boolean answerable(Packet packet, int available) {
    ByteBuf from = packet.frame();
    int ip = packet.network();
    if (available < Ipv4.HEADER_LENGTH || Ipv4.fragmentOffset(from, ip) != 0) {
      return false;
    }
    int destination = (int) packet.destinationLow();
    if (destination == addresses.broadcast().ipv4() || destination >>> 28 >= 0xe) {
      return false;
    }
    if (packet.protocol() != Ipv4.ICMP) {
      return true;
    }
    int at = Ipv4.headerLength(from, ip);
    return available > at && Icmp.type(from, ip + at) == Icmp.ECHO_REQUEST;
  }

  private boolean permitted(Station station) {
    long now = clock.nanoTime();
    boolean permitted =
        station.icmpErrors().permits(now) && station.budget().icmpErrors().permits(now);
    if (!permitted) {
      counters.count(GatewayCount.ICMP_ERRORS_LIMITED);
      return false;
    }
    station.icmpErrors().use(now);
    station.budget().icmpErrors().use(now);
    return true;
  }
}
