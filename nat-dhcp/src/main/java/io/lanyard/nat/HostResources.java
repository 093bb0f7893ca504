package io.lanyard.nat;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.nat.egress.PublishedPorts;
import io.lanyard.nat.udp.ReservedPorts;
import io.lanyard.net.Subnet;
import java.util.List;

/**
 * The host's resources that the networks of a process share.
 *
 * @param descriptors the process's descriptors
 * @param ports UDP ports of the host that no guest gets by asking for them
 * @param published what the networks serve on the host's addresses
 * @param subnets those of all networks
 */
public record HostResources(
    DescriptorBudget descriptors,
    ReservedPorts ports,
    PublishedPorts published,
    List<Subnet> subnets) {
  /** Takes a copy of the list. */
  public HostResources {
    subnets = List.copyOf(subnets);
  }

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
    return new HostResources(descriptors, ReservedPorts.ofHost(), new PublishedPorts(), subnets);
  }
}
