package io.lanyard.nat;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.nat.udp.ReservedPorts;

/**
 * What the networks of a process share of the host.
 *
 * @param descriptors the process's descriptors
 * @param ports UDP ports of the host that no guest gets by asking for them
 */
public record HostResources(DescriptorBudget descriptors, ReservedPorts ports) {
  /**
   * What a network has that shares with no other, and whose descriptors are not limited.
   *
   * @return new objects, for this host
   */
  public static HostResources alone() {
    return new HostResources(DescriptorBudget.ample(), ReservedPorts.ofHost());
  }
}
