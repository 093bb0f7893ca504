package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.nat.station.Neighbours;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;

/**
 * Takes IPv4 packets apart: checks the header (RFC 1812 section 5.2.2, 5.3.7) and the source, puts
 * fragments together, and hands the {@link Packet} to the {@link Router}.
 */
final class Ipv4Input {
  private static final int DHCP_SERVER = 67;
  private static final int LOOSE_SOURCE_ROUTE = 131;
  private static final int STRICT_SOURCE_ROUTE = 137;
  private static final int VERSION = 0x40;
  private static final int LARGEST_PAYLOAD = 65535 - Ipv4.HEADER_LENGTH;

  private final GatewayAddresses addresses;
  private final Subnet subnet;
  private final Counters<GatewayCount> counters;
  private final Neighbours neighbours;
  private final Router router;
  private final Reassembly reassembly;
  private final Reassembly.Fragment fragment = new Reassembly.Fragment();

  Ipv4Input(
      Gateway gateway,
      GatewayAddresses addresses,
      Subnet subnet,
      Neighbours neighbours,
      Router router,
      Reassembly reassembly) {
    this.addresses = addresses;
    this.subnet = subnet;
    this.counters = gateway.counters();
    this.neighbours = neighbours;
    this.router = router;
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
    counters.count(GatewayCount.IPV4_IN);
    ByteBuf frame = packet.frame;
    int ip = packet.network;
    int length = Ipv4.check(frame, ip, end);
    if (length < 0 || (Ipv4.headerLength(frame, ip) > 20 && sourceRouted(frame, ip))) {
      counters.count(GatewayCount.BAD_IPV4);
      return;
    }
    if (!Ipv4.checksumValid(frame, ip)) {
      counters.count(GatewayCount.BAD_IPV4_CHECKSUM);
      return;
    }
    fill(packet, ip + length);
    if (addresses.mayBeGuest(packet.sourceHigh, packet.sourceLow)) {
      packet.sender = neighbours.heard(packet.station, packet.sourceHigh, packet.sourceLow);
      if (packet.sender == null) {
        counters.count(GatewayCount.FORGED_SOURCE);
        return;
      }
    } else if (mayBeNewcomer(packet) && asksDhcp(packet)) {
      packet.sender = null; // not that of the packet before
    } else {
      counters.count(GatewayCount.MARTIAN_SOURCE);
      return;
    }
    if (Ipv4.isFragment(frame, ip)) {
      receiveFragment(packet);
    } else {
      router.receive(packet);
    }
  }

  /**
   * Whether a source that no guest may have can be a DHCP client's all the same. A client has none
   * yet (RFC 2131 section 4.1), or it was moved here from another network, still has an address of
   * that, and broadcasts (section 4.3.2, REBINDING); some use a link-local address meanwhile. A
   * client without an address reaches this server only: nothing that it sends is forwarded.
   */
  private boolean mayBeNewcomer(Packet packet) {
    int source = (int) packet.sourceLow;
    boolean broadcast = packet.destinationLow == Address.BROADCAST_IPV4.low();
    if (source == 0) {
      return broadcast || addresses.isGateway(packet.destinationHigh, packet.destinationLow);
    }
    return broadcast
        && !subnet.contains(packet.sourceHigh, packet.sourceLow)
        && source >>> 24 != 0
        && source >>> 24 != 127
        && source >>> 28 < 0xe;
  }

  private void receiveFragment(Packet packet) {
    if (!reassembled(packet.protocol)) {
      counters.count(GatewayCount.BAD_PROTOCOL);
      return;
    }
    ByteBuf frame = packet.frame;
    int ip = packet.network;
    fragment.headerLength = Ipv4.headerLength(frame, ip);
    fragment.payload = ip + fragment.headerLength;
    fragment.length = Ipv4.totalLength(frame, ip) - fragment.headerLength;
    fragment.offset = Ipv4.fragmentOffset(frame, ip);
    fragment.largest = LARGEST_PAYLOAD;
    fragment.more = (Ipv4.fragment(frame, ip) & Ipv4.MORE_FRAGMENTS) != 0;
    fragment.id = (long) Ipv4.id(frame, ip) << 8 | packet.protocol;
    ByteBuf whole = reassembly.receive(packet, fragment);
    if (whole == null) {
      return;
    }
    try {
      packet.frame = whole;
      packet.network = whole.readerIndex() + GuestLink.LINK_HEADROOM;
      fill(packet, whole.writerIndex());
      router.receive(packet);
    } finally {
      whole.release();
    }
  }

  /** Reads a header that has been checked. */
  static void fill(Packet packet, int end) {
    ByteBuf frame = packet.frame;
    int ip = packet.network;
    packet.transport = ip + Ipv4.headerLength(frame, ip);
    packet.end = end;
    packet.protocol = Ipv4.protocol(frame, ip);
    packet.hops = Ipv4.ttl(frame, ip);
    packet.unfragmented = (Ipv4.fragment(frame, ip) & Ipv4.DONT_FRAGMENT) != 0;
    packet.sourceHigh = 0;
    packet.sourceLow = Address.ipv4Low(Ipv4.source(frame, ip));
    packet.destinationHigh = 0;
    packet.destinationLow = Address.ipv4Low(Ipv4.destination(frame, ip));
  }

  /**
   * Reads the beginning of a packet that an ICMP error quotes.
   *
   * @param packet the error
   * @param quoted filled in
   * @return false if there are not the header and eight bytes behind it
   */
  static boolean quoted(Packet packet, Packet quoted) {
    ByteBuf frame = packet.frame;
    int at = packet.transport + Icmp.HEADER_LENGTH;
    int length = packet.end - at;
    if (length < Ipv4.HEADER_LENGTH + Long.BYTES
        || (frame.getByte(at) & 0xf0) != VERSION
        || Ipv4.headerLength(frame, at) < Ipv4.HEADER_LENGTH
        || length < Ipv4.headerLength(frame, at) + Long.BYTES) {
      return false;
    }
    quoted.station = packet.station;
    quoted.frame = frame;
    quoted.network = at;
    fill(quoted, packet.end);
    return true;
  }

  private static boolean asksDhcp(Packet packet) {
    return packet.protocol == Ipv4.UDP
        && !Ipv4.isFragment(packet.frame, packet.network)
        && packet.end - packet.transport >= Udp.HEADER_LENGTH
        && Udp.destinationPort(packet.frame, packet.transport) == DHCP_SERVER;
  }

  private static boolean reassembled(int protocol) {
    return protocol == Ipv4.UDP || protocol == Ipv4.ICMP || protocol == Ipv4.TCP;
  }

  /** Source routes are never followed (RFC 7126 section 4.3 and 4.4); other options are ignored. */
  private static boolean sourceRouted(ByteBuf frame, int ip) {
    int end = ip + Ipv4.headerLength(frame, ip);
    for (int at = ip + Ipv4.HEADER_LENGTH; at < end; ) {
      int option = frame.getUnsignedByte(at);
      if (option == 0) {
        return false;
      }
      if (option == 1) {
        at++;
        continue;
      }
      int length = at + 1 < end ? frame.getUnsignedByte(at + 1) : 0;
      boolean malformed = length < 2 || at + length > end;
      if (malformed || option == LOOSE_SOURCE_ROUTE || option == STRICT_SOURCE_ROUTE) {
        return true;
      }
      at += length;
    }
    return false;
  }
}
