package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.config.Ipv4Config;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.Stations;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * ARP as the gateway speaks it: answers for its addresses, asks for guests', and defends its own
 * (RFC 826, RFC 5227).
 */
final class ArpResponder {
  private final Gateway gateway;
  private final GatewayAddresses addresses;
  private final Ipv4Config own;
  private final Stations stations;
  private final Counters<GatewayCount> counters;
  private final AddressDefence defence;
  private final AddressProbes probes;

  ArpResponder(
      Gateway gateway,
      GatewayAddresses addresses,
      Ipv4Config own,
      Stations stations,
      AddressDefence defence,
      AddressProbes probes,
      Counters<GatewayCount> counters) {
    this.gateway = gateway;
    this.addresses = addresses;
    this.own = own;
    this.stations = stations;
    this.counters = counters;
    this.defence = defence;
    this.probes = probes;
  }

  /**
   * Takes an ARP packet.
   *
   * @param from the station that sent it
   * @param frame lent
   * @param at index of the packet
   * @param end index behind the frame's last byte
   */
  void receive(Station from, ByteBuf frame, int at, int end) {
    if (!Arp.check(frame, at, end)) {
      counters.count(GatewayCount.BAD_ARP);
      return;
    }
    long mac = Arp.senderMac(frame, at);
    int sender = Arp.senderAddress(frame, at);
    int target = Arp.targetAddress(frame, at);
    int operation = Arp.operation(frame, at);
    if (Ethernet.isGroup(mac)
        || mac == 0
        || (operation != Arp.REQUEST && operation != Arp.REPLY)
        || (sender != 0 && !own.subnet().contains(0, Address.ipv4Low(sender)))) {
      counters.count(GatewayCount.BAD_ARP);
      return;
    }
    if (mac == addresses.mac()) {
      return;
    }
    boolean forUs = addresses.isOurs(0, Address.ipv4Low(target));
    long senderLow = Address.ipv4Low(sender);
    if (addresses.isOurs(0, senderLow)) {
      defence.conflict(from, Address.ofIpv4(sender), mac);
      return;
    }
    if (sender != 0) {
      probes.heard(0, senderLow, mac, from);
    } else if (operation == Arp.REQUEST) {
      // Another probe for the same address: RFC 5227 section 2.1.1.
      probes.heard(0, Address.ipv4Low(target), mac, from);
    }
    // An address may be said to be at another MAC address than the frame's, behind the same port.
    Station claimant = gateway.claimant(from, mac);
    if (claimant == null) {
      return;
    }
    if (addresses.mayBeGuest(0, senderLow)) {
      stations.neighbours().announced(claimant, 0, senderLow, forUs);
    }
    // A probe (sender 0, RFC 5227 section 2.1.1) for an address of ours is answered: that defends
    // it.
    if (operation == Arp.REQUEST && forUs) {
      counters.count(GatewayCount.ARP_ANSWERED);
      send(mac, from.budget(), Arp.REPLY, target, mac, sender);
    }
  }

  /** Announces that an address is ours (RFC 5227 section 3): stale caches are put right. */
  void announce(Address address) {
    send(Ethernet.BROADCAST, null, Arp.REQUEST, address.ipv4(), 0, address.ipv4());
  }

  /** Announces the gateway's addresses to a station alone. */
  void introduce(Station to) {
    for (Address address : List.of(own.gateway(), own.host())) {
      if (addresses.isOurs(0, Address.ipv4Low(address.ipv4()))) {
        counters.count(GatewayCount.ARP_ANSWERED);
        send(to.mac(), to.budget(), Arp.REQUEST, address.ipv4(), 0, address.ipv4());
      }
    }
  }

  /** Asks who has an address: everybody, or the station that had it. */
  void ask(Neighbour neighbour) {
    counters.count(GatewayCount.ARP_ASKED);
    long to = neighbour.mac() == 0 ? Ethernet.BROADCAST : neighbour.mac();
    int address = neighbour.address().ipv4();
    ByteBuf frame = frame(to, Arp.REQUEST, own.gateway().ipv4(), 0, address);
    try {
      gateway.sendFrame(frame, neighbour);
    } finally {
      frame.release();
    }
  }

  /** Asks who uses an address, without having one (RFC 5227 section 2.1.1). */
  void probe(Address address) {
    counters.count(GatewayCount.ARP_ASKED);
    send(Ethernet.BROADCAST, null, Arp.REQUEST, 0, 0, address.ipv4());
  }

  private void send(
      long to, @Nullable PortBudget behind, int operation, int sender, long targetMac, int target) {
    ByteBuf frame = frame(to, operation, sender, targetMac, target);
    try {
      gateway.sendFrame(frame, behind);
    } finally {
      frame.release();
    }
  }

  /** A whole frame, the caller's. */
  private ByteBuf frame(long to, int operation, int sender, long targetMac, int target) {
    int at = GuestLink.LINK_HEADROOM;
    // Padded to the least frame, so that no old memory is sent behind it.
    int length = OffloadHeader.LENGTH + 60;
    ByteBuf frame = gateway.allocator().directBuffer(length);
    frame.setZero(0, length);
    frame.writerIndex(length);
    Ethernet.write(frame, OffloadHeader.LENGTH, to, addresses.mac(), Ethernet.TYPE_ARP);
    Arp.write(frame, at, operation, addresses.mac(), sender, targetMac, target);
    return frame;
  }
}
