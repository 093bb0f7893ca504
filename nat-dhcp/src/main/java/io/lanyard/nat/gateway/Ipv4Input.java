package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.nat.station.Station;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * What the gateway does with an IPv4 packet: checks it (RFC 1812 section 5.2.2, 5.3.7), puts
 * fragments together, decides where it leads, and hands it on.
 */
final class Ipv4Input {
  private static final int DHCP_SERVER = 67;
  private static final int LOOSE_SOURCE_ROUTE = 131;
  private static final int STRICT_SOURCE_ROUTE = 137;

  private final GatewayAddresses addresses;
  private final Counters<GatewayCount> counters;
  private final Neighbours neighbours;
  private final Services services;
  private final IcmpErrors errors;
  private final Destinations destinations;
  private final Reassembly reassembly;
  private final Echo echo;
  private @Nullable PacketEngine tcp;
  private @Nullable PacketEngine udp;
  private @Nullable PacketEngine pings;
  private boolean translate;

  Ipv4Input(
      Gateway gateway,
      GatewayAddresses addresses,
      Neighbours neighbours,
      Services services,
      IcmpErrors errors) {
    this.addresses = addresses;
    this.counters = gateway.counters();
    this.neighbours = neighbours;
    this.services = services;
    this.errors = errors;
    destinations = new Destinations(addresses);
    echo = new Echo(gateway);
    reassembly =
        new Reassembly(
            gateway.timers(),
            gateway.allocator(),
            counters,
            (frame, ip) -> {
              // RFC 792: time exceeded, code 1: fragment reassembly time exceeded.
              errors.send(Icmp.TIME_EXCEEDED, 1, 0, frame, ip);
              gateway.flush();
            });
  }

  void engines(
      PacketEngine tcpEngine, PacketEngine udpEngine, PacketEngine echoEngine, boolean leadsOut) {
    translate = leadsOut;
    tcp = tcpEngine;
    udp = udpEngine;
    pings = echoEngine;
  }

  void receive(Station from, ByteBuf frame, int ip, int end) {
    counters.count(GatewayCount.IPV4_IN);
    int length = Ipv4.check(frame, ip, end);
    if (length < 0 || (Ipv4.headerLength(frame, ip) > 20 && sourceRouted(frame, ip))) {
      counters.count(GatewayCount.BAD_IPV4);
      return;
    }
    if (!Ipv4.checksumValid(frame, ip)) {
      counters.count(GatewayCount.BAD_IPV4_CHECKSUM);
      return;
    }
    int source = Ipv4.source(frame, ip);
    if (addresses.mayBeGuest(source)) {
      neighbours.heard(source, Ethernet.source(frame, ip - Ethernet.HEADER_LENGTH));
    } else if (!mayBeNewcomer(source, Ipv4.destination(frame, ip)) || !asksDhcp(frame, ip)) {
      counters.count(GatewayCount.MARTIAN_SOURCE);
      return;
    }
    if (!Ipv4.isFragment(frame, ip)) {
      dispatch(from, frame, ip, ip + length);
      return;
    }
    if (!reassembled(Ipv4.protocol(frame, ip))) {
      counters.count(GatewayCount.BAD_PROTOCOL);
      return;
    }
    ByteBuf whole = reassembly.receive(frame, ip);
    if (whole != null) {
      try {
        // The sender's MAC address, for services that answer to it.
        int at = whole.readerIndex() + GuestLink.LINK_HEADROOM;
        whole.setBytes(at - 14, frame, ip - 14, 14);
        dispatch(from, whole, at, whole.writerIndex());
      } finally {
        whole.release();
      }
    }
  }

  /**
   * Whether a source that no guest may have can be a DHCP client's all the same. A client has none
   * yet (RFC 2131 section 4.1), or it was moved here from another network, still has an address of
   * that, and broadcasts (section 4.3.2, REBINDING); some use a link-local address meanwhile.
   */
  private boolean mayBeNewcomer(int source, int destination) {
    return source == 0
        || (destination == -1
            && !addresses.contains(source)
            && source >>> 24 != 0
            && source >>> 24 != 127
            && source >>> 28 < 0xe);
  }

  private static boolean asksDhcp(ByteBuf frame, int ip) {
    int at = ip + Ipv4.headerLength(frame, ip);
    return Ipv4.protocol(frame, ip) == Ipv4.UDP
        && !Ipv4.isFragment(frame, ip)
        && Ipv4.totalLength(frame, ip) >= at - ip + Udp.HEADER_LENGTH
        && Udp.destinationPort(frame, at) == DHCP_SERVER;
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

  private void dispatch(Station from, ByteBuf frame, int ip, int end) {
    int destination = Ipv4.destination(frame, ip);
    switch (destinations.kind(destination)) {
      case GATEWAY, BROADCAST -> local(from, frame, ip, end, destination);
      case OUT -> {
        if (translate) {
          forward(from, frame, ip, end, destination);
        } else {
          errors.send(Icmp.UNREACHABLE, Icmp.NET_UNREACHABLE, 0, frame, ip);
        }
      }
      case LOOPBACK -> forward(from, frame, ip, end, destination);
      case ON_LINK -> {
        counters.count(GatewayCount.ON_LINK);
        // Everybody on the link is asked directly; what still comes here has no station behind it.
        errors.send(Icmp.UNREACHABLE, Icmp.HOST_UNREACHABLE, 0, frame, ip);
      }
      case PROHIBITED -> {
        counters.count(GatewayCount.PROHIBITED);
        errors.send(Icmp.UNREACHABLE, Icmp.ADMIN_PROHIBITED, 0, frame, ip);
      }
      case MARTIAN -> counters.count(GatewayCount.MARTIAN_DESTINATION);
    }
  }

  private void local(Station from, ByteBuf frame, int ip, int end, int destination) {
    boolean broadcast = destination != addresses.gateway();
    switch (Ipv4.protocol(frame, ip)) {
      case Ipv4.UDP -> localDatagram(from, frame, ip, end, broadcast);
      case Ipv4.ICMP -> localIcmp(frame, ip, end, broadcast);
      case Ipv4.TCP -> {
        PacketEngine engine = tcp;
        if (engine == null || broadcast) {
          counters.count(GatewayCount.MARTIAN_DESTINATION);
        } else {
          engine.receive(from, frame, ip, ip + Ipv4.headerLength(frame, ip), end, destination);
        }
      }
      default -> {
        counters.count(GatewayCount.BAD_PROTOCOL);
        errors.send(Icmp.UNREACHABLE, Icmp.PROTOCOL_UNREACHABLE, 0, frame, ip);
      }
    }
  }

  private void localDatagram(Station from, ByteBuf frame, int ip, int end, boolean broadcast) {
    int at = ip + Ipv4.headerLength(frame, ip);
    if (!datagramValid(frame, ip, at, end)) {
      return;
    }
    if (isSuper(frame)) {
      // What a guest answers to the clients of a forward may come so; no service is asked so.
      if (services.has(Udp.destinationPort(frame, at))) {
        counters.count(GatewayCount.BAD_TRANSPORT);
        return;
      }
    } else if (services.receive(from, frame, ip, at)) {
      return;
    }
    PacketEngine engine = udp;
    if (!broadcast && engine != null && Ipv4.source(frame, ip) != 0) {
      // A port of the gateway may stand for the client of a forward: the engine knows.
      engine.receive(from, frame, ip, at, end, addresses.gateway());
    } else if (broadcast) {
      counters.count(GatewayCount.MARTIAN_DESTINATION);
    } else {
      closed(frame, ip);
    }
  }

  /** Answers a datagram to a port of the gateway that nobody serves. */
  void closed(ByteBuf frame, int ip) {
    counters.count(GatewayCount.PORT_CLOSED);
    errors.send(Icmp.UNREACHABLE, Icmp.PORT_UNREACHABLE, 0, frame, ip);
  }

  private void localIcmp(ByteBuf frame, int ip, int end, boolean broadcast) {
    int at = ip + Ipv4.headerLength(frame, ip);
    if (!icmpValid(frame, at, end)) {
      return;
    }
    switch (Icmp.type(frame, at)) {
      case Icmp.ECHO_REQUEST -> {
        // RFC 1122 section 3.2.2.6: one to a broadcast address may be ignored.
        if (!broadcast) {
          echo.answer(frame, ip, at, end);
        }
      }
      case Icmp.UNREACHABLE -> unreachable(frame, ip, at, end);
      case Icmp.TIME_EXCEEDED, Icmp.PARAMETER_PROBLEM ->
          counters.count(GatewayCount.ICMP_ERRORS_IN);
      default -> counters.count(GatewayCount.NOT_FOR_US);
    }
  }

  private void forward(Station from, ByteBuf frame, int ip, int end, int destination) {
    int ttl = Ipv4.ttl(frame, ip);
    if (ttl <= 1) {
      counters.count(GatewayCount.TTL_EXCEEDED);
      errors.send(Icmp.TIME_EXCEEDED, 0, 0, frame, ip);
      return;
    }
    int at = ip + Ipv4.headerLength(frame, ip);
    switch (Ipv4.protocol(frame, ip)) {
      case Ipv4.TCP -> hand(tcp, from, frame, ip, at, end, destination);
      case Ipv4.UDP -> {
        if (datagramValid(frame, ip, at, end)) {
          hand(udp, from, frame, ip, at, end, destination);
        }
      }
      case Ipv4.ICMP -> {
        if (!icmpValid(frame, at, end)) {
          return;
        }
        if (Icmp.type(frame, at) == Icmp.ECHO_REQUEST && Icmp.code(frame, at) == 0) {
          if (addresses.isOurs(destination)) {
            // The host is where this runs: it is up, and needs no permission to say so.
            echo.answer(frame, ip, at, end);
          } else {
            hand(pings, from, frame, ip, at, end, destination);
          }
        } else if (Icmp.type(frame, at) == Icmp.UNREACHABLE) {
          unreachable(frame, ip, at, end);
        } else {
          counters.count(GatewayCount.BAD_PROTOCOL);
        }
      }
      default -> {
        counters.count(GatewayCount.BAD_PROTOCOL);
        errors.send(Icmp.UNREACHABLE, Icmp.PROTOCOL_UNREACHABLE, 0, frame, ip);
      }
    }
  }

  private void hand(
      @Nullable PacketEngine engine,
      Station from,
      ByteBuf frame,
      int ip,
      int at,
      int end,
      int destination) {
    if (engine == null) {
      errors.send(Icmp.UNREACHABLE, Icmp.NET_UNREACHABLE, 0, frame, ip);
    } else {
      engine.receive(from, frame, ip, at, end, destinations.hostSide(destination));
    }
  }

  /**
   * A guest refuses a packet of ours. What it quotes must be from us to it (RFC 5927 section 4).
   */
  private void unreachable(ByteBuf frame, int ip, int at, int end) {
    counters.count(GatewayCount.ICMP_ERRORS_IN);
    int quoted = at + Icmp.HEADER_LENGTH;
    if (end - quoted < Ipv4.HEADER_LENGTH + 8
        || (frame.getByte(quoted) & 0xf0) != 0x40
        || Ipv4.headerLength(frame, quoted) < Ipv4.HEADER_LENGTH
        || end - quoted < Ipv4.headerLength(frame, quoted) + 8
        || Ipv4.destination(frame, quoted) != Ipv4.source(frame, ip)) {
      counters.count(GatewayCount.BAD_TRANSPORT);
      return;
    }
    PacketEngine engine =
        switch (Ipv4.protocol(frame, quoted)) {
          case Ipv4.TCP -> tcp;
          case Ipv4.UDP -> udp;
          default -> null;
        };
    if (engine != null) {
      engine.unreachable(frame, quoted, Icmp.code(frame, at));
    }
  }

  private boolean datagramValid(ByteBuf frame, int ip, int at, int end) {
    int length = Udp.check(frame, at, end);
    // Port 0 cannot be answered (RFC 768) nor sent to.
    if (length < 0 || Udp.destinationPort(frame, at) == 0) {
      counters.count(GatewayCount.BAD_TRANSPORT);
      return false;
    }
    if (vouched(frame) || Udp.checksum(frame, at) == 0) {
      return true;
    }
    if (Checksum.transport4(frame, ip, Ipv4.UDP, at, length) != 0) {
      counters.count(GatewayCount.BAD_TRANSPORT_CHECKSUM);
      return false;
    }
    return true;
  }

  private boolean icmpValid(ByteBuf frame, int at, int end) {
    if (end - at < Icmp.HEADER_LENGTH) {
      counters.count(GatewayCount.BAD_TRANSPORT);
      return false;
    }
    if (!vouched(frame) && !Icmp.checksumValid(frame, at, end - at)) {
      counters.count(GatewayCount.BAD_TRANSPORT_CHECKSUM);
      return false;
    }
    return true;
  }

  /** Whether the checksum needs no look: it is unfinished, or the port has verified it. */
  private static boolean vouched(ByteBuf frame) {
    return (OffloadHeader.flags(frame, frame.readerIndex())
            & (OffloadHeader.NEEDS_CSUM | OffloadHeader.DATA_VALID))
        != 0;
  }

  private static boolean isSuper(ByteBuf frame) {
    return OffloadHeader.gsoType(frame, frame.readerIndex()) != OffloadHeader.GSO_NONE;
  }

  int reassembling() {
    return reassembly.pending();
  }

  void close() {
    reassembly.close();
  }
}
