package io.lanyard.nat.gateway;

import io.lanyard.base.Clock;
import io.lanyard.base.Counters;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.station.Excess;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Tells guests by ICMP why a packet of theirs went no further (RFC 792, RFC 1812 section 4.3, RFC
 * 4443), at a limited rate for each station and each port.
 *
 * <p>Thread: the network's loop only. Nothing here throws; an error that may not be sent is counted
 * or left out.
 */
public final class IcmpErrors {
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
    boolean ipv4 = packet.isIpv4();
    // RFC 4443 section 3.4: the place of the number that is not known.
    boolean points = !ipv4 && reason == IcmpReason.PROTOCOL_UNREACHABLE;
    int information = points ? packet.protocolField - packet.network : 0;
    send(IcmpReport.of(reason, ipv4, information), packet);
  }

  /**
   * Sends an error about a packet that is at hand, unless that is a packet that must not be
   * answered so (RFC 1812 section 4.3.2.7, RFC 4443 section 2.4).
   *
   * @param report the error
   * @param packet lent, not changed: the guest's packet
   */
  public void send(IcmpReport report, Packet packet) {
    ByteBuf from = packet.frame();
    int available = from.writerIndex() - packet.network();
    IcmpFormat format = IcmpFormat.of(packet.isIpv4());
    if (!addresses.mayBeGuest(packet.sourceHigh(), packet.sourceLow())
        || isBroadcast(packet)
        || !format.answerable(packet, available)
        || !permitted(packet.station())) {
      return;
    }
    int length =
        Math.min(
            Math.min(available, format.length(packet)),
            format.largest() - format.ipHeader() - Icmp.HEADER_LENGTH);
    ByteBuf frame = begin(format, report, packet.sender().address(), length);
    try {
      int at = GuestLink.LINK_HEADROOM + format.ipHeader();
      frame.setBytes(at + Icmp.HEADER_LENGTH, from, packet.network(), length);
      finish(format, frame, packet.sender());
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
    about(report, flow, guest, transport, payload, Unpooled.EMPTY_BUFFER, 0);
  }

  /**
   * Sends the same with the packet's data, as much of it as an error quotes: programs that trace a
   * path know their packets by it.
   *
   * @param report the error
   * @param flow the flow that the packet belonged to
   * @param guest the guest's end of the flow
   * @param transport the first eight bytes of the packet's transport header
   * @param payload bytes that it had behind its IP header
   * @param data lent: what is known of the bytes behind these eight, up to the writer index
   * @param at index of the first of them
   */
  public void about(
      IcmpReport report,
      Flow flow,
      Neighbour guest,
      long transport,
      int payload,
      ByteBuf data,
      int at) {
    Station station = guest.station();
    if (station == null || !permitted(station)) {
      return; // nobody is there to be told
    }
    IcmpFormat format = IcmpFormat.of(guest.address().isIpv4());
    int headers = format.ipHeader() + Long.BYTES;
    int quoted =
        Math.clamp(
            data.writerIndex() - at,
            0,
            format.largest() - format.ipHeader() - Icmp.HEADER_LENGTH - headers);
    ByteBuf frame = begin(format, report, guest.address(), headers + quoted);
    try {
      int ip = GuestLink.LINK_HEADROOM + format.ipHeader() + Icmp.HEADER_LENGTH;
      format.quote(frame, ip, flow.protocol(), flow.guest(), flow.remote(), payload);
      frame.setLong(ip + format.ipHeader(), transport);
      frame.setBytes(ip + headers, data, at, quoted);
      finish(format, frame, guest);
    } finally {
      frame.release();
    }
  }

  private ByteBuf begin(IcmpFormat format, IcmpReport report, Address guest, int length) {
    int total = format.ipHeader() + Icmp.HEADER_LENGTH + length;
    ByteBuf frame = gateway.allocator().directBuffer(GuestLink.LINK_HEADROOM + total);
    frame.writerIndex(GuestLink.LINK_HEADROOM + total);
    OffloadHeader.clear(frame, 0);
    Address router = report.router();
    Address from =
        router != null && router.isIpv4() == guest.isIpv4() ? router : addresses.towards(guest);
    format.write(frame, GuestLink.LINK_HEADROOM, report, from, guest, total, gateway.nextId());
    return frame;
  }

  private void finish(IcmpFormat format, ByteBuf frame, Neighbour guest) {
    int ip = GuestLink.LINK_HEADROOM;
    format.finish(frame, ip, frame.writerIndex() - ip);
    counters.count(GatewayCount.ICMP_ERRORS_OUT);
    gateway.send(frame, guest);
  }

  private boolean isBroadcast(Packet packet) {
    Address broadcast = addresses.broadcast();
    return broadcast != null
        && packet.destinationLow() == broadcast.low()
        && packet.destinationHigh() == 0;
  }

  private boolean permitted(Station station) {
    long now = clock.nanoTime();
    boolean permitted =
        station.icmpErrors().permits(now) && station.budget().icmpErrors().permits(now);
    if (!permitted) {
      counters.count(GatewayCount.ICMP_ERRORS_LIMITED);
      station.budget().count(Excess.ERRORS);
      return false;
    }
    station.icmpErrors().use(now);
    station.budget().icmpErrors().use(now);
    return true;
  }
}
