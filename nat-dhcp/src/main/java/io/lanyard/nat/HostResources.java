package io.lanyard.nat;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.nat.egress.NetworkSubnets;
import io.lanyard.nat.egress.PublishedPorts;
import io.lanyard.nat.tcp.MemoryPool;
import io.lanyard.nat.udp.ReservedPorts;
import io.lanyard.net.Subnet;
import java.util.List;

/**
 * The host's resources that the networks of a process share. The objects are live: they change when
 * a network is added or removed, and the networks hear of it.
 *
 * @param descriptors the process's descriptors
 * @param ports UDP ports of the host that no guest gets by asking for them
 * @param published what the networks serve on the host's addresses
 * @param subnets those of all networks
 * @param memory what TCP connections draw their buffers from
 */
public record HostResources(
    DescriptorBudget descriptors,
    ReservedPorts ports,
    PublishedPorts published,
    NetworkSubnets subnets,
    MemoryPool memory) {
  /**
   * The resources of a network that shares with no other, and whose descriptors are not limited.
   *
   * @return new objects, for this host
   */
  public static HostResources alone() {
    return of(DescriptorBudget.ample(), List.of());
  }

  /**
   * The resources that the networks of a process share.
   *
   * @param descriptors the process's descriptors
   * @param subnets those of all networks
   * @return new objects besides, for this host
   */
  public static HostResources of(DescriptorBudget descriptors, List<Subnet> subnets) {
    return new HostResources(
        descriptors,
        ReservedPorts.ofHost(),
        new PublishedPorts(),
        new NetworkSubnets(subnets),
        MemoryPool.ofProcess());
  }
}
