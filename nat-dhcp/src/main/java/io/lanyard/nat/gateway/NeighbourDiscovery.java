package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.Stations;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Icmpv6;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Neighbour discovery as the gateway speaks it: answers for its addresses and defends them, also
 * against duplicate address detection, and asks for guests' (RFC 4861 section 7, RFC 4862 section
 * 5.4). Router solicitations go to the {@link RouterAdvertiser}.
 *
 * <p>Thread: the network's loop only.
 */
final class NeighbourDiscovery {
  /** The type of the last message of RFC 4861, which only a router may send. */
  static final int REDIRECT = 137;

  /** RFC 4861 section 6.1: what comes from beyond the link has fewer. */
  private static final int HOPS = 255;

  private static final int TARGET = 8;
  private static final int OPTIONS = 24;
  private static final int SOURCE_LINK = 1;
  private static final int TARGET_LINK = 2;
  private static final int FLAG_ROUTER = 0x80;
  private static final int FLAG_SOLICITED = 0x40;
  private static final int FLAG_OVERRIDE = 0x20;
  private static final long NO_MAC = 0;
  private static final long MALFORMED = -1;

  private final Gateway gateway;
  private final GatewayAddresses addresses;
  private final Ipv6Addresses own;
  private final Stations stations;
  private final AddressDefence defence;
  private final AddressProbes probes;
  private final Counters<GatewayCount> counters;
  private final RouterAdvertiser advertiser;

  NeighbourDiscovery(
      Gateway gateway,
      Ipv6Addresses own,
      AddressDefence defence,
      AddressProbes probes,
      RouterAdvertiser advertiser) {
    this.gateway = gateway;
    this.own = own;
    this.defence = defence;
    this.probes = probes;
    this.advertiser = advertiser;
    addresses = gateway.addresses();
    stations = gateway.stations();
    counters = gateway.counters();
  }

  /**
   * Takes a message.
   *
   * @param packet lent: of ICMPv6, with a type from router solicitation to redirect; the source is
   *     not checked
   */
  void receive(Packet packet) {
    int length = packet.end - packet.transport;
    if (packet.hops != HOPS
        || length < Icmpv6.HEADER_LENGTH
        || Icmpv6.code(packet.frame, packet.transport) != 0
        || !checksumHolds(packet, length)) {
      counters.count(GatewayCount.BAD_ND);
      return;
    }
    switch (Icmpv6.type(packet.frame, packet.transport)) {
      case Icmpv6.NEIGHBOR_SOLICITATION -> solicitation(packet, length);
      case Icmpv6.NEIGHBOR_ADVERTISEMENT -> advertisement(packet, length);
      case Icmpv6.ROUTER_SOLICITATION -> routerSolicitation(packet);
      // Another router's business, if there is one; a guard keeps guests from it.
      default -> counters.count(GatewayCount.NOT_FOR_US);
    }
  }

  private static boolean checksumHolds(Packet packet, int length) {
    return packet.vouched()
        || Checksum.finish(
                packet.pseudoSum(length) + Checksum.sum(packet.frame, packet.transport, length))
            == 0;
  }

  /** RFC 4861 section 7.1.1 and 7.2.3. */
  private void solicitation(Packet packet, int length) {
    ByteBuf frame = packet.frame;
    int at = packet.transport;
    long link = length < OPTIONS ? MALFORMED : link(packet, OPTIONS, SOURCE_LINK);
    boolean detects = packet.isUnaddressed();
    if (link == MALFORMED
        || frame.getUnsignedByte(at + TARGET) == 0xff
        || (detects && (link != NO_MAC || !isForSolicitedNode(packet)))) {
      counters.count(GatewayCount.BAD_ND);
      return;
    }
    long targetHigh = frame.getLong(at + TARGET);
    long targetLow = frame.getLong(at + TARGET + 8);
    boolean forUs = addresses.isOurs(targetHigh, targetLow);
    if (detects) {
      if (forUs && packet.station.budget().admitsBroadcast()) {
        // Duplicate address detection: everybody is told, since who asks has no address.
        counters.count(GatewayCount.ND_ANSWERED);
        announce(new Address(targetHigh, targetLow));
      }
      return;
    }
    long mac = link == NO_MAC ? packet.sourceMac : link;
    if (!learns(packet, packet.sourceHigh, packet.sourceLow, mac, forUs) || !forUs) {
      return;
    }
    counters.count(GatewayCount.ND_ANSWERED);
    advertise(new Address(targetHigh, targetLow), packet.source(), mac, packet.station.budget());
  }

  /** Whether a solicitation goes to the group of its target (RFC 4291 section 2.7.1). */
  private static boolean isForSolicitedNode(Packet packet) {
    long target = packet.frame.getLong(packet.transport + TARGET + 8);
    return packet.destinationHigh == Ipv6Addresses.LINK_GROUPS
        && packet.destinationLow == Ipv6Addresses.solicitedGroup(target);
  }

  /** RFC 4861 section 7.1.2 and 7.2.5. */
  private void advertisement(Packet packet, int length) {
    ByteBuf frame = packet.frame;
    int at = packet.transport;
    long link = length < OPTIONS ? MALFORMED : link(packet, OPTIONS, TARGET_LINK);
    int flags = link == MALFORMED ? 0 : frame.getUnsignedByte(at + 4);
    boolean solicited = (flags & FLAG_SOLICITED) != 0;
    boolean group = packet.destinationHigh >>> 56 == 0xff;
    if (link == MALFORMED || frame.getUnsignedByte(at + TARGET) == 0xff || (solicited && group)) {
      counters.count(GatewayCount.BAD_ND);
      return;
    }
    long high = frame.getLong(at + TARGET);
    long low = frame.getLong(at + TARGET + 8);
    Neighbour known = stations.neighbours().get(new Address(high, low));
    long mac = link == NO_MAC ? packet.sourceMac : link;
    if (mac != addresses.mac()) {
      probes.heard(high, low, mac, packet.station);
    }
    if (link == NO_MAC && (known == null || known.mac() != mac)) {
      return; // It does not say where the address is, and nothing that is known can be confirmed.
    }
    boolean moves = known != null && known.mac() != 0 && known.mac() != mac;
    if (!moves || (flags & FLAG_OVERRIDE) != 0) {
      boolean _ = learns(packet, high, low, mac, solicited);
    }
  }

  private void routerSolicitation(Packet packet) {
    long link = link(packet, Icmpv6.HEADER_LENGTH, SOURCE_LINK);
    boolean unaddressed = packet.isUnaddressed();
    if (link == MALFORMED || (unaddressed && link != NO_MAC)) {
      counters.count(GatewayCount.BAD_ND);
      return;
    }
    if (unaddressed) {
      advertiser.solicited(packet.station, null, 0);
      return;
    }
    long mac = link == NO_MAC ? packet.sourceMac : link;
    if (learns(packet, packet.sourceHigh, packet.sourceLow, mac, true)) {
      advertiser.solicited(packet.station, packet.source(), mac);
    }
  }

  /**
   * Learns who has an address, if nobody else may have it.
   *
   * @param mac where it is said to be, perhaps behind the frame's own address
   * @return false if the claim is not one to be answered
   */
  private boolean learns(Packet packet, long high, long low, long mac, boolean forUs) {
    if (mac == addresses.mac()) {
      return false;
    }
    if (addresses.isOurs(high, low)) {
      defence.conflict(packet.station, new Address(high, low), mac);
      return false;
    }
    if (!addresses.mayBeGuest(high, low)) {
      counters.count(GatewayCount.MARTIAN_SOURCE);
      return false;
    }
    Station claimant = gateway.claimant(packet.station, mac);
    if (claimant == null) {
      return false;
    }
    stations.neighbours().announced(claimant, high, low, forUs);
    return true;
  }

  /**
   * Reads the link-layer address among a message's options (RFC 4861 section 4.6).
   *
   * @param options how many bytes lie before them
   * @return the address; {@link #NO_MAC} for none, {@link #MALFORMED} if the options make no sense
   */
  private static long link(Packet packet, int options, int wanted) {
    ByteBuf frame = packet.frame;
    long found = NO_MAC;
    for (int at = packet.transport + options; at < packet.end; ) {
      int left = packet.end - at;
      int length = left < 2 ? 0 : frame.getUnsignedByte(at + 1) << 3;
      if (length == 0 || length > left) {
        return MALFORMED;
      }
      if (frame.getUnsignedByte(at) == wanted && found == NO_MAC) {
        found = Ethernet.mac(frame, at + 2);
        if (Ethernet.isGroup(found) || found == 0) {
          return MALFORMED;
        }
      }
      at += length;
    }
    return found;
  }

  /**
   * Asks whether a station has an address of the gateway's (RFC 4862 section 5.4.2). Its answer is
   * a conflict like any other: the gateway keeps the address, which the network needs, and defends
   * it.
   */
  void detectDuplicates() {
    own.all(addresses.hostLoopback()).forEach(this::detectDuplicate);
  }

  private void detectDuplicate(Address address) {
    counters.count(GatewayCount.ND_ASKED);
    NdMessage message = new NdMessage(gateway, Icmpv6.NEIGHBOR_SOLICITATION, OPTIONS);
    message.setAddress(TARGET, address);
    message.sendToGroup(Address.ANY_IPV6, Ipv6Addresses.solicitedGroup(address.low()));
  }

  /**
   * Announces all addresses of the gateway: stale caches are put right (RFC 4861 section 7.2.6).
   */
  void announce() {
    own.all(addresses.hostLoopback()).forEach(this::announce);
  }

  /** Announces that an address is the gateway's. */
  void announce(Address address) {
    advertise(address, null, 0, null);
  }

  /**
   * Says that an address is the gateway's.
   *
   * @param to who has asked; null for everybody
   * @param mac where that is; of no meaning for everybody
   * @param behind the port that the MAC address is behind
   */
  private void advertise(
      Address target, @Nullable Address to, long mac, @Nullable PortBudget behind) {
    int flags = FLAG_ROUTER | FLAG_OVERRIDE | (to == null ? 0 : FLAG_SOLICITED);
    NdMessage message = new NdMessage(gateway, Icmpv6.NEIGHBOR_ADVERTISEMENT, OPTIONS + 8);
    message.setByte(4, flags);
    message.setAddress(TARGET, target);
    message.setLink(OPTIONS, TARGET_LINK, addresses.mac());
    if (to == null) {
      message.sendToAll(target);
    } else {
      message.send(target, to, mac, behind);
    }
  }

  /** Asks who has an address: everybody, or the station that had it. */
  void ask(Neighbour neighbour) {
    if (neighbour.mac() == 0) {
      askAll(neighbour.address());
    } else {
      question(neighbour.address()).send(addresses.towards(neighbour.address()), neighbour);
    }
  }

  /** Asks everybody who has an address. */
  void askAll(Address address) {
    question(address)
        .sendToGroup(addresses.towards(address), Ipv6Addresses.solicitedGroup(address.low()));
  }

  private NdMessage question(Address address) {
    counters.count(GatewayCount.ND_ASKED);
    NdMessage message = new NdMessage(gateway, Icmpv6.NEIGHBOR_SOLICITATION, OPTIONS + 8);
    message.setAddress(TARGET, address);
    message.setLink(OPTIONS, SOURCE_LINK, addresses.mac());
    return message;
  }
}
