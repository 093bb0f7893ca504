package io.lanyard.config;

import org.jspecify.annotations.Nullable;

/**
 * A network's gateway, the same in all modes that have one: its addresses in each family, and the
 * services that it offers to guests. It has one family at least.
 *
 * @param ipv4 the network's IPv4 addresses, or null when it has IPv6 alone
 * @param ipv6 the network's IPv6 addresses, or null when it has none
 * @param dhcp its DHCP server
 * @param dns its DNS forwarder
 */
public record GatewayConfig(
    @Nullable Ipv4Config ipv4, @Nullable Ipv6Config ipv6, DhcpConfig dhcp, DnsConfig dns) {
  /** Refuses a gateway without addresses. */
  public GatewayConfig {
    if (ipv4 == null && ipv6 == null) {
      throw new IllegalArgumentException("a gateway has IPv4 or IPv6");
    }
  }

  /**
   * The gateway of a network that has one.
   *
   * @param network a network of mode nat or host-only
   * @return its gateway
   * @throws IllegalArgumentException if the network's mode has none
   */
  public static GatewayConfig of(NetworkConfig network) {
    GatewayConfig gateway = network.gateway();
    if (gateway == null) {
      throw new IllegalArgumentException(
          "the network "
              + network.name()
              + " is of mode "
              + network.mode().text()
              + ", which has no gateway");
    }
    return gateway;
  }

  /** The keys of a network that are about its gateway. */
  static final class Keys {
    static final Key<Fields> IPV4 =
        Key.optional(
            "ipv4",
            Ipv4Config.Keys.SECTION,
            "none",
            Ipv4Config.Keys.SECTION.meaning() + " Without them its guests have IPv6 alone.");

    static final Key<Form.OffOr.Given> IPV6 =
        Key.optional(
            "ipv6",
            new Form.OffOr(Ipv6Config.Keys.SECTION, true),
            "`off`",
            "Whether guests have IPv6, and with which addresses: by router advertisements, in a"
                + " network of mode nat translated to the host's. Egress rules that name IPv4"
                + " subnets alone say nothing about it, which is why it has to be asked for.");

    static final Key<Fields> DHCP = Key.mapping("dhcp", DhcpConfig.Keys.SECTION);
    static final Key<Fields> DNS = Key.mapping("dns", DnsConfig.Keys.SECTION);

    private Keys() {}
  }
}
