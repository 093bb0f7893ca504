package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.nat.station.Neighbours;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Icmpv6;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.netty.buffer.ByteBuf;

/**
 * Takes IPv6 packets apart: checks the header and the extension headers (RFC 8200), puts fragments
 * together (RFC 5722, RFC 6946, RFC 7112), and hands neighbour discovery to its own part and every
 * other {@link Packet} to the {@link Router}.
 */
final class Ipv6Input {
  private final GatewayAddresses addresses;
  private final Ipv6Addresses own;
  private final Counters<GatewayCount> counters;
  private final Neighbours neighbours;
  private final NeighbourDiscovery discovery;
  private final Router router;
  private final IcmpErrors errors;
  private final Reassembly reassembly;

  Ipv6Input(
      Gateway gateway,
      Ipv6Addresses own,
      NeighbourDiscovery discovery,
      Router router,
      Reassembly reassembly) {
    this.addresses = gateway.addresses();
    this.own = own;
    this.counters = gateway.counters();
    this.neighbours = gateway.stations().neighbours();
    this.discovery = discovery;
    this.router = router;
    this.errors = gateway.errors();
    this.reassembly = reassembly;
  }

  /**
   * Takes a packet.
   *
   * @param packet its station, frame and {@link Packet#network} are set; everything else is filled
   *     in here
   * @param end index behind the frame's last byte
   */
  void receive(Packet packet, int end) {
    counters.count(GatewayCount.IPV6_IN);
    ByteBuf frame = packet.frame;
    int ip = packet.network;
    int length = Ipv6.check(frame, ip, end);
    if (length < 0) {
      counters.count(GatewayCount.BAD_IPV6);
      return;
    }
    packet.end = ip + length;
    addresses(packet);
    if (isMapped(packet) || packet.sourceHigh >>> 56 == 0xff) {
      counters.count(GatewayCount.MARTIAN_SOURCE);
      return;
    }
    boolean group = packet.destinationHigh >>> 56 == 0xff;
    if (group && !own.isMember(packet.destinationHigh, packet.destinationLow)) {
      counters.count(GatewayCount.NOT_FOR_US); // the groups that guests have among themselves
      return;
    }
    Ipv6Walk walk = packet.walk;
    walk.along(packet, false);
    if (isDiscovery(packet)) {
      // RFC 6980 section 5: never in fragments, not even in one that is whole.
      if (walk.problem() != Ipv6Walk.NONE || walk.hasFragmentHeader()) {
        counters.count(GatewayCount.BAD_ND);
      } else {
        discovery.receive(packet);
      }
      return;
    }
    if (!addresses.mayBeGuest(packet.sourceHigh, packet.sourceLow)) {
      counters.count(GatewayCount.MARTIAN_SOURCE);
      return;
    }
    packet.sender = neighbours.heard(packet.station, packet.sourceHigh, packet.sourceLow);
    if (packet.sender == null) {
      counters.count(GatewayCount.FORGED_SOURCE);
      return;
    }
    if (walk.problem() != Ipv6Walk.NONE) {
      refuse(packet);
    } else if (walk.isFragment()) {
      receiveFragment(packet);
    } else {
      router.receive(packet);
    }
  }

  /**
   * An IPv4 address in disguise (RFC 4291 section 2.5.5.2): here it would be taken for the IPv4
   * address itself.
   */
  private static boolean isMapped(Packet packet) {
    return Address.isIpv4(packet.sourceHigh, packet.sourceLow)
        || Address.isIpv4(packet.destinationHigh, packet.destinationLow);
  }

  private boolean isDiscovery(Packet packet) {
    if (packet.protocol != Ipv4.ICMP
        || packet.walk.isFragment()
        || packet.end - packet.transport < 1) {
      return false;
    }
    int type = Icmpv6.type(packet.frame, packet.transport);
    return type >= Icmpv6.ROUTER_SOLICITATION && type <= NeighbourDiscovery.REDIRECT;
  }

  private void refuse(Packet packet) {
    counters.count(GatewayCount.BAD_IPV6);
    int problem = packet.walk.problem();
    if (problem != Ipv6Walk.SILENT) {
      int at = packet.walk.problemAt() - packet.network;
      errors.send(new IcmpReport(null, Icmpv6.PARAMETER_PROBLEM, problem, at), packet);
    }
  }

  private void receiveFragment(Packet packet) {
    ByteBuf whole = reassembly.receive(packet, packet.walk.fragment());
    if (whole == null) {
      return;
    }
    try {
      packet.frame = whole;
      packet.network = whole.readerIndex() + GuestLink.LINK_HEADROOM;
      packet.end = whole.writerIndex();
      packet.walk.along(packet, true);
      packet.unfragmented = false; // the guest has fragmented it, and so may the host
      if (packet.walk.problem() != Ipv6Walk.NONE
          || packet.walk.hasFragmentHeader()
          || isDiscovery(packet)) {
        counters.count(GatewayCount.BAD_IPV6);
      } else {
        router.receive(packet);
      }
    } finally {
      whole.release();
    }
  }

  private static void addresses(Packet packet) {
    ByteBuf frame = packet.frame;
    int ip = packet.network;
    packet.sourceHigh = Ipv6.sourceHigh(frame, ip);
    packet.sourceLow = Ipv6.sourceLow(frame, ip);
    packet.destinationHigh = Ipv6.destinationHigh(frame, ip);
    packet.destinationLow = Ipv6.destinationLow(frame, ip);
    packet.hops = Ipv6.hopLimit(frame, ip);
    packet.unfragmented = true;
  }

  /**
   * Reads the beginning of a packet that an ICMP error quotes.
   *
   * @param packet the error
   * @param quoted filled in
   * @return false if there are not the header and eight bytes behind it; what the gateway sends has
   *     no extension headers but in fragments, which nobody quotes to any purpose
   */
  static boolean quoted(Packet packet, Packet quoted) {
    ByteBuf frame = packet.frame;
    int at = packet.transport + Icmpv6.HEADER_LENGTH;
    if (packet.end - at < Ipv6.HEADER_LENGTH + Long.BYTES || frame.getByte(at) >>> 4 != 6) {
      return false;
    }
    quoted.station = packet.station;
    quoted.frame = frame;
    fill(quoted, at, packet.end);
    return true;
  }

  /** Reads a header behind which the transport lies. */
  static void fill(Packet packet, int ip, int end) {
    packet.network = ip;
    packet.end = end;
    addresses(packet);
    packet.protocol = Ipv6Walk.protocol(Ipv6.nextHeader(packet.frame, ip));
    packet.protocolField = ip + 6;
    packet.transport = ip + Ipv6.HEADER_LENGTH;
  }
}
