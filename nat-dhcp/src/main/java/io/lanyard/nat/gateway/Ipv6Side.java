package io.lanyard.nat.gateway;

/**
 * The parts of a gateway whose network has IPv6: input, neighbour discovery and router
 * advertisements.
 *
 * <p>Thread: the network's loop only.
 */
final class Ipv6Side {
  private final RouterAdvertiser advertiser;
  private final NeighbourDiscovery discovery;
  private final Ipv6Input input;

  Ipv6Side(
      Gateway gateway,
      Ipv6Addresses own,
      AddressDefence defence,
      AddressProbes probes,
      Router router,
      Reassembly reassembly,
      long seed) {
    advertiser = new RouterAdvertiser(gateway, own, seed);
    discovery = new NeighbourDiscovery(gateway, own, defence, probes, advertiser);
    input = new Ipv6Input(gateway, own, discovery, router, reassembly);
  }

  Ipv6Input input() {
    return input;
  }

  NeighbourDiscovery discovery() {
    return discovery;
  }

  RouterAdvertiser advertiser() {
    return advertiser;
  }

  /** Looks who has the gateway's addresses, announces them, and the gateway as a router. */
  void start() {
    discovery.detectDuplicates();
    discovery.announce();
    advertiser.start();
  }

  void close() {
    advertiser.close();
  }
}
