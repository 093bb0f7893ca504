package io.lanyard.control.api;

import java.util.List;

/**
 * A network's switch with what is connected to it.
 *
 * @param network its network
 * @param mode nat, host-only, bridged or isolated
 * @param state the network's: running, stopped or failed
 * @param subnet the network's IPv4 subnet, or empty
 * @param ipv6Subnet the network's IPv6 subnet, or empty
 * @param ports its ports
 */
public record SwitchInfo(
    String network,
    String mode,
    String state,
    String subnet,
    String ipv6Subnet,
    List<ConnectorInfo> ports) {
  /** Copies the list. */
  public SwitchInfo {
    ports = List.copyOf(ports);
  }
}
