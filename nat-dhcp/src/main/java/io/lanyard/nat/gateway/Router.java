package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.nat.egress.NameServices;
import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Icmpv6;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Udp;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides where a guest's packet leads, whatever its family, and hands it on: to the gateway
 * itself, to the engine that carries it out, or nowhere, of which the guest hears.
 */
final class Router {
  private final GatewayAddresses addresses;
  private final Counters<GatewayCount> counters;
  private final Services services;
  private final IcmpErrors errors;
  private final Destinations destinations;
  private final Echo echo;
  private final Packet quoted = new Packet();
  private @Nullable PacketEngine tcp;
  private @Nullable PacketEngine udp;
  private @Nullable PacketEngine pings;
  private Predicate<Station> takesQuestions = station -> false;
  private BiConsumer<Packet, String> neverLeaving = (packet, why) -> {};
  private boolean translate;

  Router(Gateway gateway, GatewayAddresses addresses, Services services, IcmpErrors errors) {
    this.addresses = addresses;
    this.counters = gateway.counters();
    this.services = services;
    this.errors = errors;
    destinations = new Destinations(addresses);
    echo = new Echo(gateway);
  }

  void engines(
      PacketEngine tcpEngine, PacketEngine udpEngine, PacketEngine echoEngine, boolean leadsOut) {
    translate = leadsOut;
    tcp = tcpEngine;
    udp = udpEngine;
    pings = echoEngine;
  }

  /** Asks from now on whether a station's questions to other name servers are answered here. */
  void takeQuestions(Predicate<Station> whether) {
    takesQuestions = whether;
  }

  /** Tells from now on of packets that no rule could let leave, and why. */
  void tellNeverLeaving(BiConsumer<Packet, String> listener) {
    neverLeaving = listener;
  }

  void receive(Packet packet) {
    packet.leadsOut = false;
    packet.standIn = null;
    switch (destinations.kind(packet.destinationHigh, packet.destinationLow)) {
      case GATEWAY -> local(packet, false);
      case BROADCAST -> local(packet, true);
      case OUT -> {
        if (packet.isFromLinkLocal()) {
          errors.send(IcmpReason.BEYOND_SCOPE, packet);
        } else if (translate && asksOthers(packet)) {
          packet.standIn = addresses.towards(packet.source());
          local(packet, false);
        } else if (translate) {
          packet.hostHigh = packet.destinationHigh;
          packet.hostLow = packet.destinationLow;
          forward(packet);
        } else {
          errors.send(IcmpReason.NO_ROUTE, packet);
        }
      }
      case LOOPBACK -> {
        Address loopback = Destinations.loopback(packet.destinationHigh, packet.destinationLow);
        packet.hostHigh = loopback.high();
        packet.hostLow = loopback.low();
        forward(packet);
      }
      case ON_LINK -> {
        counters.count(GatewayCount.ON_LINK);
        // Everybody on the link is asked directly; what still comes here has no station behind it.
        errors.send(IcmpReason.HOST_UNREACHABLE, packet);
      }
      case PROHIBITED -> {
        counters.count(GatewayCount.PROHIBITED);
        neverLeaving.accept(packet, Destinations.PROHIBITED);
        errors.send(IcmpReason.PROHIBITED, packet);
      }
      case MARTIAN -> counters.count(GatewayCount.MARTIAN_DESTINATION);
    }
  }

  /** Whether it goes to another name server, and rules about names have us answer for that. */
  private boolean asksOthers(Packet packet) {
    return (packet.protocol == Ipv4.UDP || packet.protocol == Ipv4.TCP)
        && packet.end - packet.transport >= Udp.HEADER_LENGTH
        && Udp.destinationPort(packet.frame, packet.transport) == NameServices.DNS
        && takesQuestions.test(packet.station);
  }

  // To the gateway itself.

  private void local(Packet packet, boolean broadcast) {
    switch (packet.protocol) {
      case Ipv4.UDP -> localDatagram(packet, broadcast);
      case Ipv4.ICMP -> localIcmp(packet, broadcast);
      case Ipv4.TCP -> {
        PacketEngine engine = tcp;
        if (engine == null || broadcast) {
          counters.count(GatewayCount.MARTIAN_DESTINATION);
        } else {
          engine.receive(packet);
        }
      }
      default -> badProtocol(packet);
    }
  }

  private void badProtocol(Packet packet) {
    counters.count(GatewayCount.BAD_PROTOCOL);
    errors.send(IcmpReason.PROTOCOL_UNREACHABLE, packet);
  }

  private void localDatagram(Packet packet, boolean broadcast) {
    if (!datagramValid(packet)) {
      return;
    }
    if (packet.isSuper()) {
      // A guest's answers to the clients of a forward may come so; no service is asked so.
      if (services.has(Udp.destinationPort(packet.frame, packet.transport))) {
        counters.count(GatewayCount.BAD_TRANSPORT);
        return;
      }
    } else if (services.receive(packet)) {
      return;
    }
    PacketEngine engine = udp;
    if (!broadcast && engine != null && !packet.isUnaddressed()) {
      // A port of the gateway may stand for the client of a forward: the engine knows.
      engine.receive(packet);
    } else if (broadcast) {
      counters.count(GatewayCount.MARTIAN_DESTINATION);
    } else {
      counters.count(GatewayCount.PORT_CLOSED);
      errors.send(IcmpReason.PORT_UNREACHABLE, packet);
    }
  }

  private void localIcmp(Packet packet, boolean broadcast) {
    if (!icmpValid(packet)) {
      return;
    }
    if (!packet.isIpv4()) {
      localIcmpv6(packet);
      return;
    }
    switch (Icmp.type(packet.frame, packet.transport)) {
      case Icmp.ECHO_REQUEST -> {
        // RFC 1122 section 3.2.2.6: one to a broadcast address may be ignored.
        if (!broadcast) {
          echo.answer(packet);
        }
      }
      case Icmp.UNREACHABLE -> unreachable(packet);
      case Icmp.TIME_EXCEEDED, Icmp.PARAMETER_PROBLEM ->
          counters.count(GatewayCount.ICMP_ERRORS_IN);
      default -> counters.count(GatewayCount.NOT_FOR_US);
    }
  }

  private void localIcmpv6(Packet packet) {
    switch (Icmpv6.type(packet.frame, packet.transport)) {
      case Icmpv6.ECHO_REQUEST -> echo.answer(packet);
      case Icmpv6.UNREACHABLE -> unreachable(packet);
      case Icmpv6.PACKET_TOO_BIG, Icmpv6.TIME_EXCEEDED, Icmpv6.PARAMETER_PROBLEM ->
          counters.count(GatewayCount.ICMP_ERRORS_IN);
      default -> counters.count(GatewayCount.NOT_FOR_US); // group membership, for one
    }
  }

  // Out.

  private void forward(Packet packet) {
    packet.leadsOut = true;
    if (packet.hops <= 1) {
      counters.count(GatewayCount.TTL_EXCEEDED);
      errors.send(IcmpReason.HOPS_EXCEEDED, packet);
      return;
    }
    switch (packet.protocol) {
      case Ipv4.TCP -> hand(tcp, packet);
      case Ipv4.UDP -> {
        if (datagramValid(packet)) {
          hand(udp, packet);
        }
      }
      case Ipv4.ICMP -> {
        if (icmpValid(packet)) {
          forwardIcmp(packet);
        }
      }
      default -> {
        neverLeaving.accept(packet, "only TCP, UDP and ping leave, whatever rules say");
        badProtocol(packet);
      }
    }
  }

  private void forwardIcmp(Packet packet) {
    boolean ipv4 = packet.isIpv4();
    int type = Icmp.type(packet.frame, packet.transport);
    if (type == (ipv4 ? Icmp.ECHO_REQUEST : Icmpv6.ECHO_REQUEST)
        && Icmp.code(packet.frame, packet.transport) == 0) {
      if (addresses.isOurs(packet.destinationHigh, packet.destinationLow)) {
        // The daemon runs on the host: the host is up, and needs no socket to say so.
        echo.answer(packet);
      } else {
        hand(pings, packet);
      }
    } else if (type == (ipv4 ? Icmp.UNREACHABLE : Icmpv6.UNREACHABLE)) {
      unreachable(packet);
    } else {
      neverLeaving.accept(packet, "of ICMP only ping leaves, whatever rules say");
      counters.count(GatewayCount.BAD_PROTOCOL);
    }
  }

  private void hand(@Nullable PacketEngine engine, Packet packet) {
    if (engine == null) {
      errors.send(IcmpReason.NO_ROUTE, packet);
    } else {
      engine.receive(packet);
    }
  }

  /** A guest refuses a packet. What it quotes must have been sent to it (RFC 5927 section 4). */
  private void unreachable(Packet packet) {
    counters.count(GatewayCount.ICMP_ERRORS_IN);
    boolean whole =
        packet.isIpv4() ? Ipv4Input.quoted(packet, quoted) : Ipv6Input.quoted(packet, quoted);
    if (!whole
        || quoted.destinationLow != packet.sourceLow
        || quoted.destinationHigh != packet.sourceHigh) {
      counters.count(GatewayCount.BAD_TRANSPORT);
      return;
    }
    PacketEngine engine =
        switch (quoted.protocol) {
          case Ipv4.TCP -> tcp;
          case Ipv4.UDP -> udp;
          default -> null;
        };
    if (engine != null) {
      engine.unreachable(quoted);
    }
  }

  // Transport headers.

  private boolean datagramValid(Packet packet) {
    int at = packet.transport;
    int length = Udp.check(packet.frame, at, packet.end);
    // Port 0 cannot be answered (RFC 768) nor sent to.
    if (length < 0 || Udp.destinationPort(packet.frame, at) == 0) {
      counters.count(GatewayCount.BAD_TRANSPORT);
      return false;
    }
    if (packet.vouched()) {
      return true;
    }
    if (Udp.checksum(packet.frame, at) == 0) {
      // RFC 8200 section 8.1: IPv6 has no other checksum.
      boolean permitted = packet.isIpv4();
      if (!permitted) {
        counters.count(GatewayCount.BAD_TRANSPORT_CHECKSUM);
      }
      return permitted;
    }
    if (Checksum.finish(packet.pseudoSum(length) + Checksum.sum(packet.frame, at, length)) != 0) {
      counters.count(GatewayCount.BAD_TRANSPORT_CHECKSUM);
      return false;
    }
    return true;
  }

  private boolean icmpValid(Packet packet) {
    int length = packet.end - packet.transport;
    if (length < Icmp.HEADER_LENGTH) {
      counters.count(GatewayCount.BAD_TRANSPORT);
      return false;
    }
    if (!packet.vouched() && !icmpChecksumHolds(packet, length)) {
      counters.count(GatewayCount.BAD_TRANSPORT_CHECKSUM);
      return false;
    }
    return true;
  }

  private static boolean icmpChecksumHolds(Packet packet, int length) {
    return packet.isIpv4()
        ? Icmp.checksumValid(packet.frame, packet.transport, length)
        : Checksum.finish(
                packet.pseudoSum(length) + Checksum.sum(packet.frame, packet.transport, length))
            == 0;
  }
}
