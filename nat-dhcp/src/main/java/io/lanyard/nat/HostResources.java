package io.lanyard.nat;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.Ipv6Config;
import io.lanyard.config.NetworkConfig;
import io.lanyard.linux.HostRoute;
import io.lanyard.nat.egress.NetworkSubnets;
import io.lanyard.nat.egress.PublishedPorts;
import io.lanyard.nat.flow.FlowMemory;
import io.lanyard.nat.station.NameMemory;
import io.lanyard.nat.station.StationMemory;
import io.lanyard.nat.tcp.MemoryPool;
import io.lanyard.nat.udp.ReservedPorts;
import io.lanyard.net.Subnet;
import io.lanyard.net.UniqueLocal;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The host's resources that the networks of a process share. The objects are live: they change when
 * a network is added or removed, and the networks hear of it.
 *
 * @param descriptors the process's descriptors
 * @param ports UDP ports of the host that no guest gets by asking for them
 * @param published what the networks serve on the host's addresses
 * @param subnets those of all networks
 * @param prefixes what lasts on this host and is another thing on every other host: the MAC
 *     addresses of gateways, and the IPv6 subnets of networks whose configuration says none
 * @param memory what TCP connections draw their buffers from
 * @param flows the flows that the process has room for
 * @param stations the stations and addresses that it has room for
 * @param names the heap that the process has for names
 * @param ipv6Route whether the host has an IPv6 route besides those of given subnets
 */
public record HostResources(
    DescriptorBudget descriptors,
    ReservedPorts ports,
    PublishedPorts published,
    NetworkSubnets subnets,
    UniqueLocal prefixes,
    MemoryPool memory,
    FlowMemory flows,
    StationMemory stations,
    NameMemory names,
    Predicate<List<Subnet>> ipv6Route) {
  /**
   * The resources of a network that shares with no other, and whose descriptors are not limited. It
   * asks nobody for translators.
   *
   * @return new objects, for this host
   */
  public static HostResources alone() {
    byte[] seed = new byte[UniqueLocal.SEED_LENGTH];
    return of(DescriptorBudget.ample(), List.of(), new UniqueLocal(seed)).by(own -> false);
  }

  /**
   * The resources that the networks of a process share.
   *
   * @param descriptors the process's descriptors
   * @param subnets those of all networks
   * @param prefixes what lasts on this host and is another thing on every other host
   * @return new objects besides, for this host
   */
  public static HostResources of(
      DescriptorBudget descriptors, List<Subnet> subnets, UniqueLocal prefixes) {
    return new HostResources(
        descriptors,
        ReservedPorts.ofHost(),
        new PublishedPorts(),
        new NetworkSubnets(subnets),
        prefixes,
        MemoryPool.ofProcess(),
        FlowMemory.ofProcess(),
        StationMemory.ofProcess(),
        NameMemory.ofProcess(),
        HostRoute::hasIpv6);
  }

  /**
   * The same with other routes.
   *
   * @param routes whether the host has an IPv6 route besides those of given subnets
   * @return a copy that shares the live objects
   */
  public HostResources by(Predicate<List<Subnet>> routes) {
    return new HostResources(
        descriptors, ports, published, subnets, prefixes, memory, flows, stations, names, routes);
  }

  /**
   * Whether the host has an IPv6 route that leads off the networks of the process. On a thread in
   * the network namespace that the host's sockets are in.
   *
   * @return as it is now
   */
  boolean hasIpv6Route() {
    return ipv6Route.test(subnets.all());
  }

  /**
   * The subnets of a network.
   *
   * @param network its configuration
   * @return those of both families; empty for a network without addresses
   */
  public List<Subnet> subnetsOf(NetworkConfig network) {
    List<Subnet> all = new ArrayList<>();
    GatewayConfig gateway = network.gateway();
    if (gateway != null) {
      if (gateway.ipv4() != null) {
        all.add(gateway.ipv4().subnet());
      }
    }
    Subnet ipv6 = ipv6SubnetOf(network);
    if (ipv6 != null) {
      all.add(ipv6);
    }
    return all;
  }

  /**
   * The IPv6 subnet of a network: what its configuration says, or one of its own.
   *
   * @param network its configuration
   * @return the subnet; null where it has no IPv6
   */
  public @Nullable Subnet ipv6SubnetOf(NetworkConfig network) {
    GatewayConfig gateway = network.gateway();
    Ipv6Config ipv6 = gateway == null ? null : gateway.ipv6();
    if (ipv6 == null) {
      return null;
    }
    Subnet said = ipv6.subnet();
    return said == null ? prefixes.subnet(network.name()) : said;
  }
}
