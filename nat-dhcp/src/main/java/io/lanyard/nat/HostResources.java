package io.lanyard.nat;

import io.lanyard.nat.udp.ReservedPorts;

/**
 * What the networks of a process share of the host.
 *
 * @param ports UDP ports of the host that no guest gets by asking for them
 */
public record HostResources(ReservedPorts ports) {
  /**
   * What a process has whose networks are made together.
   *
   * @return new objects, for this host
   */
  public static HostResources ofHost() {
    return new HostResources(ReservedPorts.ofHost());
  }
}
