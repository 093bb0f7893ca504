package io.lanyard.config;

import io.lanyard.base.EnumText;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The defaults that depend on other values, as the model has them. */
final class DerivedDefaults {
  private DerivedDefaults() {}

  /**
   * The default of a key.
   *
   * @param steps the key's path
   * @return its text, or null where the model has no value in its place
   */
  static @Nullable String of(Configuration configuration, List<String> steps) {
    if (steps.getFirst().equals("guests")) {
      GuestConfig guest = configuration.guests().get(steps.get(1));
      return guest == null ? null : nic(configuration, guest, steps);
    }
    if (!steps.getFirst().equals("networks")) {
      return null;
    }
    NetworkConfig network = configuration.networks().get(steps.get(1));
    return network == null ? null : network(network, steps);
  }

  private static @Nullable String nic(
      Configuration configuration, GuestConfig guest, List<String> steps) {
    int place = steps.size() > 4 ? ItemIdentity.place(steps.get(3)) : -1;
    if (!steps.get(2).equals("nics") || place < 0 || place >= guest.nics().size()) {
      return null;
    }
    GuestConfig.Nic nic = guest.nics().get(place);
    String key = String.join(".", steps.subList(4, steps.size()));
    NetworkConfig network = configuration.networks().get(nic.network());
    return key.equals("mac") ? nic.mac().toString() : network == null ? null : port(network, key);
  }

  /** The default of a key of a port or a group: the network's setting. */
  private static @Nullable String port(NetworkConfig network, String key) {
    SwitchConfig switching = network.switching();
    StormConfig storm = switching.storm();
    return switch (key) {
      case "mtu" -> Integer.toString(network.mtu());
      case "guard" -> EnumText.word(switching.guard());
      case "isolated" -> "false";
      case "storm-control.broadcast" -> storm == null ? "off" : "" + storm.broadcast();
      case "storm-control.multicast" -> storm == null ? "off" : "" + storm.multicast();
      case "storm-control.unknown" -> storm == null ? "off" : "" + storm.unknown();
      default -> null;
    };
  }

  private static @Nullable String network(NetworkConfig network, List<String> steps) {
    HostAdapterConfig adapter = network.hostAdapter();
    String key = String.join(".", steps.subList(2, steps.size()));
    if (steps.size() > 4 && (steps.get(2).equals("ports") || steps.get(2).equals("port-groups"))) {
      return port(network, String.join(".", steps.subList(4, steps.size())));
    }
    GatewayConfig gateway = network.gateway();
    Object value =
        switch (key) {
          case "host-adapter" -> adapter == null ? null : "{name: " + adapter.name() + "}";
          case "host-adapter.name" -> adapter == null ? null : adapter.name();
          default -> gateway == null ? null : gateway(gateway, key);
        };
    return value == null ? null : value.toString();
  }

  private static @Nullable Object gateway(GatewayConfig gateway, String key) {
    Ipv4Config ipv4 = gateway.ipv4();
    DhcpConfig dhcp = gateway.dhcp();
    return switch (key) {
      case "ipv4.gateway" -> ipv4 == null ? null : ipv4.gateway();
      case "ipv4.host" -> ipv4 == null ? null : ipv4.host();
      case "ipv4.pool" -> ipv4 == null ? null : ipv4.pool();
      case "dhcp.min-lease-time" -> DurationText.format(dhcp.minLeaseTime());
      case "dhcp.max-lease-time" -> DurationText.format(dhcp.maxLeaseTime());
      case "dhcp.options.routers" -> dhcp.options().routers();
      case "dhcp.options.dns-servers" -> dhcp.options().dnsServers();
      case "dns.upstreams" ->
          gateway.dns().upstreams() instanceof DnsConfig.None
              ? "[]"
              : "(those of the host's resolv.conf)";
      default -> null;
    };
  }
}
