package io.lanyard.config;

import io.lanyard.base.EnumText;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A network. By its mode some parts are absent: {@code isolated} has none of the nullable ones,
 * {@code host-only} has no NAT, {@code bridged} has an uplink alone.
 *
 * @param name its name, unique in the daemon
 * @param enabled whether it runs; a stopped network keeps its configuration and its leases
 * @param mode what it is besides a switch
 * @param mtu the largest IP packet, in bytes
 * @param ipv4 its IPv4 addresses, or null when it is isolated
 * @param ipv6 its IPv6 addresses, or null when it has none
 * @param hostAdapter the host's TAP device on it, or null for none
 * @param dhcp its DHCP server, or null when it is isolated
 * @param dns its DNS forwarder, or null when it is isolated
 * @param nat its NAT, or null unless the mode is {@code nat}
 * @param uplink its way into the LAN, or null unless the mode is {@code bridged}
 * @param egress where its guests may go; the default unless the mode is {@code nat}
 * @param forwards ports of the host's that lead to guests; empty unless the mode is {@code nat}
 * @param switching what its switch lets pass
 * @param ports ports that the file declares, in its order
 */
public record NetworkConfig(
    String name,
    boolean enabled,
    NetworkMode mode,
    int mtu,
    @Nullable Ipv4Config ipv4,
    @Nullable Ipv6Config ipv6,
    @Nullable HostAdapterConfig hostAdapter,
    @Nullable DhcpConfig dhcp,
    @Nullable DnsConfig dns,
    @Nullable NatConfig nat,
    @Nullable UplinkConfig uplink,
    EgressConfig egress,
    List<ForwardConfig> forwards,
    SwitchConfig switching,
    List<PortConfig> ports) {
  /** Copies the lists. */
  public NetworkConfig {
    forwards = List.copyOf(forwards);
    ports = List.copyOf(ports);
  }

  /** The keys of a network. The switch's are those of {@link SwitchConfig.Keys}. */
  static final class Keys {
    /** RFC 791 section 3.2: every IPv4 host takes packets of this size. */
    static final int LEAST_MTU = 576;

    /** An offload header, an Ethernet header and this are below 64 KiB. */
    static final int MOST_MTU = 65_520;

    static final Key<NetworkMode> MODE =
        Key.required(
            "mode",
            Choice.of(NetworkMode.class),
            "nat: leads to the world. host-only: guests and the host. bridged: guests are in the"
                + " LAN of one of the host's interfaces. isolated: guests alone.");

    static final Key<Boolean> ENABLED =
        Key.defaulted(
            "enabled",
            new Form.Flag(),
            true,
            "Whether the network runs. A stopped one keeps its leases; its guests have no link.");

    static final Key<Fields> IPV4 =
        Key.optional("ipv4", Ipv4Config.Keys.SECTION, "none", Ipv4Config.Keys.SECTION.meaning());

    static final Key<Form.OffOr.Given> IPV6 =
        Key.optional(
            "ipv6",
            new Form.OffOr(Ipv6Config.Keys.SECTION, true),
            "`off`",
            "Whether guests have IPv6, and with which addresses: by router advertisements, in a"
                + " network of mode nat translated to the host's. Egress rules that name IPv4"
                + " subnets alone say nothing about it, which is why it has to be asked for.");

    static final Key<Integer> MTU =
        Key.defaulted(
            "mtu", new Form.Whole(LEAST_MTU, MOST_MTU), 1500, "The largest IP packet, in bytes.");

    static final Key<Fields> HOST_ADAPTER =
        Key.optional(
            "host-adapter",
            HostAdapterConfig.Keys.SECTION,
            "none; a host-only network always has one",
            HostAdapterConfig.Keys.SECTION.meaning());

    static final Key<Fields> DHCP = Key.mapping("dhcp", DhcpConfig.Keys.SECTION);
    static final Key<Fields> DNS = Key.mapping("dns", DnsConfig.Keys.SECTION);
    static final Key<Fields> NAT = Key.mapping("nat", NatConfig.Keys.SECTION);
    static final Key<Fields> UPLINK = Key.mapping("uplink", UplinkConfig.Keys.SECTION);
    static final Key<Fields> EGRESS = Key.mapping("egress", EgressConfig.Keys.SECTION);

    static final Key<List<Fields>> FORWARDS =
        Key.defaulted(
            "forwards",
            new Form.ListOf<>(ForwardConfig.Keys.SECTION),
            List.of(),
            "Ports of the host's that lead to guests.");

    static final Key<List<Fields>> PORTS =
        Key.defaulted(
            "ports",
            new Form.ListOf<>(
                Variants.of("kind", "kind", PortKeys.laterKinds(), PortKeys.sections())),
            List.of(),
            "Ports of the switch that guests of other VMMs, and namespaces, attach to.");

    static final Section SECTION =
        new Section(
            "network",
            "A network: a switch, and by its mode a gateway with its services and a host adapter.",
            List.of(
                MODE,
                ENABLED,
                IPV4,
                IPV6,
                MTU,
                HOST_ADAPTER,
                DHCP,
                DNS,
                NAT,
                UPLINK,
                EGRESS,
                FORWARDS,
                SwitchConfig.Keys.GUARD,
                SwitchConfig.Keys.STORM_CONTROL,
                SwitchConfig.Keys.FORWARD_RESERVED,
                SwitchConfig.Keys.HISTORY,
                PORTS),
            List.of(
                notIsolated(IPV4),
                notIsolated(IPV6),
                notIsolated(HOST_ADAPTER),
                notIsolated(DHCP),
                notIsolated(DNS),
                notIsolated(NAT),
                notIsolated(EGRESS),
                notIsolated(FORWARDS),
                notBridged(IPV4),
                notBridged(IPV6),
                notBridged(HOST_ADAPTER),
                notBridged(DHCP),
                notBridged(DNS),
                notBridged(NAT),
                notBridged(EGRESS),
                notBridged(FORWARDS),
                noUplink(NetworkMode.NAT),
                noUplink(NetworkMode.HOST_ONLY),
                noUplink(NetworkMode.ISOLATED),
                notHostOnly(NAT, "a host-only network leads nowhere and has no NAT"),
                notHostOnly(EGRESS, "a host-only network leads nowhere and has no egress rules"),
                notHostOnly(FORWARDS, "only a network of mode nat has forwards"),
                hasSubnet(NetworkMode.NAT),
                hasSubnet(NetworkMode.HOST_ONLY)),
            Map.of(
                "port-groups", "port groups are",
                "io-loops", "I/O loops are"));

    private Keys() {}

    private static KeyRule notIsolated(Key<?> key) {
      return new KeyRule.NotWhere(
          key,
          MODE,
          EnumText.word(NetworkMode.ISOLATED),
          "an isolated network is a switch alone and has no " + key.name());
    }

    private static KeyRule notBridged(Key<?> key) {
      return new KeyRule.NotWhere(
          key,
          MODE,
          EnumText.word(NetworkMode.BRIDGED),
          "the guests of a bridged network have the LAN's services, and it has no " + key.name());
    }

    private static KeyRule noUplink(NetworkMode mode) {
      return new KeyRule.NotWhere(
          UPLINK, MODE, EnumText.word(mode), "only a network of mode bridged has an uplink");
    }

    private static KeyRule notHostOnly(Key<?> key, String why) {
      return new KeyRule.NotWhere(key, MODE, EnumText.word(NetworkMode.HOST_ONLY), why);
    }

    private static KeyRule hasSubnet(NetworkMode mode) {
      String word = EnumText.word(mode);
      return new KeyRule.NeededWhere(
          IPV4, MODE, word, "a network of mode " + word + " has a subnet");
    }
  }
}
