package io.lanyard.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A network. By its mode some parts are absent: {@code isolated} has none of the nullable ones,
 * {@code host-only} has no NAT.
 *
 * @param name its name, unique in the daemon
 * @param mode what it is besides a switch
 * @param mtu the largest IP packet, in bytes
 * @param ipv4 its addresses, or null when it is isolated
 * @param hostAdapter the host's TAP device on it, or null for none
 * @param dhcp its DHCP server, or null when it is isolated
 * @param dns its DNS forwarder, or null when it is isolated
 * @param nat its NAT, or null unless the mode is {@code nat}
 * @param egress where its guests may go; the default unless the mode is {@code nat}
 * @param forwards ports of the host's that lead to guests; empty unless the mode is {@code nat}
 * @param switching what its switch lets pass
 * @param ports ports that the file declares, in its order
 */
public record NetworkConfig(
    String name,
    NetworkMode mode,
    int mtu,
    @Nullable Ipv4Config ipv4,
    @Nullable HostAdapterConfig hostAdapter,
    @Nullable DhcpConfig dhcp,
    @Nullable DnsConfig dns,
    @Nullable NatConfig nat,
    EgressConfig egress,
    List<ForwardConfig> forwards,
    SwitchConfig switching,
    List<PortConfig> ports) {
  /** Copies the lists. */
  public NetworkConfig {
    forwards = List.copyOf(forwards);
    ports = List.copyOf(ports);
  }
}
