package io.lanyard.nat.gateway;

import io.lanyard.config.Ipv4Config;
import io.lanyard.nat.station.EventRate;
import io.lanyard.nat.station.Excess;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Address resolution as the gateway takes part in it: asks which MAC address a guest's IP address
 * is at, answers for its own addresses, announces and defends them. ARP does it for IPv4, neighbour
 * discovery with its router advertisements for IPv6; a network without a family goes without that
 * part.
 *
 * <p>No method flushes: the caller does.
 *
 * <p>Thread: the network's loop only.
 */
final class AddressResolution {
  private final Gateway gateway;
  private final GatewayAddresses addresses;
  private final AddressProbes probes;
  private final @Nullable ArpResponder arp;
  private final @Nullable NeighbourDiscovery discovery;
  private final @Nullable RouterAdvertiser advertiser;

  /**
   * Makes the parts of the families that the gateway has addresses of. Nothing is sent before
   * {@link #start}.
   *
   * @param gateway knows its addresses, stations and counters already
   * @param seed random bits, for the times between router advertisements
   */
  AddressResolution(Gateway gateway, long seed) {
    this.gateway = gateway;
    addresses = gateway.addresses();
    AddressDefence defence = new AddressDefence(gateway, this::announce);
    probes = new AddressProbes(gateway.timers(), this::askAll);
    Ipv4Config ipv4 = addresses.ipv4();
    arp =
        ipv4 == null
            ? null
            : new ArpResponder(
                gateway, addresses, ipv4, gateway.stations(), defence, probes, gateway.counters());
    Ipv6Addresses ipv6 = addresses.ipv6();
    advertiser = ipv6 == null ? null : new RouterAdvertiser(gateway, ipv6, seed);
    discovery =
        ipv6 == null || advertiser == null
            ? null
            : new NeighbourDiscovery(gateway, ipv6, defence, probes, advertiser);
  }

  /** Neighbour discovery; null on a network without IPv6. */
  @Nullable NeighbourDiscovery discovery() {
    return discovery;
  }

  /**
   * Announces the gateway's addresses, looks whether anybody else has those of IPv6, and advertises
   * the gateway as a router.
   */
  void start() {
    Ipv4Config ipv4 = addresses.ipv4();
    if (ipv4 != null) {
      announce(ipv4.gateway());
      if (addresses.hostLoopback()) {
        announce(ipv4.host());
      }
    }
    if (discovery != null && advertiser != null) {
      discovery.detectDuplicates();
      discovery.announce();
      advertiser.start();
    }
  }

  /** Announces the addresses of the host, for which the gateway answers from now on. */
  void announceHost() {
    Ipv4Config ipv4 = addresses.ipv4();
    if (ipv4 != null) {
      announce(ipv4.host());
    }
    Ipv6Addresses ipv6 = addresses.ipv6();
    if (ipv6 != null) {
      announce(ipv6.host());
    }
  }

  /** Has router advertisements say something else, where the network has IPv6. */
  void advertise(Advertised what) {
    if (advertiser != null) {
      advertiser.advertise(what);
    }
  }

  /** Takes an ARP packet, as {@link ArpResponder#receive}. */
  void receiveArp(Station from, ByteBuf frame, int at, int end) {
    if (arp == null) {
      gateway.counters().count(GatewayCount.NOT_FOR_US);
    } else {
      arp.receive(from, frame, at, end);
    }
  }

  /**
   * Tells a guest where the gateway is. Its VMM announces it: it has come from another host, most
   * likely, and knows the gateway there, whose MAC address is another.
   */
  void introduce(Station guest) {
    long now = gateway.timers().clock().nanoTime();
    EventRate rate = guest.budget().solicitations();
    if (!rate.permits(now)) {
      guest.budget().count(Excess.ADVERTISEMENTS);
      return;
    }
    rate.use(now);
    if (arp != null) {
      arp.introduce(guest);
    }
    if (advertiser != null) {
      advertiser.solicited(guest, null, guest.mac());
    }
  }

  /** Asks the station that had an address, or all, who has it. */
  void ask(Neighbour neighbour) {
    if (arp != null && neighbour.address().isIpv4()) {
      arp.ask(neighbour);
    } else if (discovery != null) {
      discovery.ask(neighbour);
    }
  }

  /** Finds out whether a station uses an address, as {@link Gateway#probe}. */
  void probe(Address address, long waitNanos, ProbeListener listener) {
    probes.probe(address, waitNanos, listener);
  }

  /** Asks all who uses an address that is about to be given away. */
  private void askAll(Address address) {
    if (arp != null && address.isIpv4()) {
      arp.probe(address);
    } else if (discovery != null) {
      discovery.askAll(address);
    }
  }

  /** Announces that an address is the gateway's. */
  private void announce(Address address) {
    if (arp != null && address.isIpv4()) {
      arp.announce(address);
    } else if (discovery != null) {
      discovery.announce(address);
    }
  }

  /** Tells guests that there is no router any more. */
  void withdraw() {
    if (advertiser != null) {
      advertiser.close();
    }
  }

  /** Ends the probes: once no port reaches the gateway any more, whose client could begin one. */
  void close() {
    probes.close();
  }
}
