package io.lanyard.config;

import io.lanyard.base.EnumText;
import io.lanyard.config.NetworkMode.Bridged;
import io.lanyard.config.NetworkMode.HostOnly;
import io.lanyard.config.NetworkMode.Isolated;
import io.lanyard.config.NetworkMode.Nat;
import io.lanyard.config.NetworkMode.Word;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A network: a switch, and what its mode puts on it.
 *
 * @param name its name, unique in the daemon
 * @param enabled whether it runs; a stopped network keeps its configuration and its leases
 * @param mode what it is besides a switch, with the parts that it has by that
 * @param mtu the largest IP packet, in bytes
 * @param switching what its switch lets pass
 * @param portGroups its port groups by name, in the order of the file
 * @param ports ports that the file declares, in its order
 */
public record NetworkConfig(
    String name,
    boolean enabled,
    NetworkMode mode,
    int mtu,
    SwitchConfig switching,
    Map<String, PortGroupConfig> portGroups,
    List<PortConfig> ports) {
  /** Copies the collections. */
  public NetworkConfig {
    portGroups = Collections.unmodifiableMap(new LinkedHashMap<>(portGroups));
    ports = List.copyOf(ports);
  }

  /**
   * The gateway.
   *
   * @return its addresses and services; null where the mode has none
   */
  public @Nullable GatewayConfig gateway() {
    return switch (mode) {
      case Nat nat -> nat.gateway();
      case HostOnly hostOnly -> hostOnly.gateway();
      case Bridged _, Isolated _ -> null;
    };
  }

  /**
   * The host's own device on the network.
   *
   * @return the TAP device; null for none
   */
  public @Nullable HostAdapterConfig hostAdapter() {
    return switch (mode) {
      case Nat nat -> nat.hostAdapter();
      case HostOnly hostOnly -> hostOnly.hostAdapter();
      case Bridged _, Isolated _ -> null;
    };
  }

  /**
   * The ports of the host's that lead to guests.
   *
   * @return the forwards, in the file's order; empty where the mode has none
   */
  public List<ForwardConfig> forwards() {
    return mode instanceof Nat nat ? nat.forwards() : List.of();
  }

  /** The keys of a network. The switch's are those of {@link SwitchConfig.Keys}. */
  static final class Keys {
    /** RFC 791 section 3.2: every IPv4 host takes packets of this size. */
    static final int LEAST_MTU = 576;

    /** An offload header, an Ethernet header and this are below 64 KiB. */
    static final int MOST_MTU = 65_520;

    static final Key<Word> MODE =
        Key.required(
            "mode",
            Choice.of(Word.class),
            "nat: leads to the world. host-only: guests and the host. bridged: guests are in the"
                + " LAN of one of the host's interfaces. isolated: guests alone.");

    static final Key<Boolean> ENABLED =
        Key.defaulted(
            "enabled",
            new Form.Flag(),
            true,
            "Whether the network runs. A stopped one keeps its leases; its guests have no link.");

    static final Key<Integer> MTU =
        Key.defaulted(
            "mtu", new Form.Whole(LEAST_MTU, MOST_MTU), 1500, "The largest IP packet, in bytes.");

    static final Key<List<Form.Named<Fields>>> PORT_GROUPS =
        Key.defaulted(
            "port-groups",
            PortGroupConfig.Keys.FORM,
            List.of(),
            "Port groups, by name: settings that ports and guests' NICs share.");

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
                GatewayConfig.Keys.IPV4,
                GatewayConfig.Keys.IPV6,
                MTU,
                HostOnly.Keys.HOST_ADAPTER,
                GatewayConfig.Keys.DHCP,
                GatewayConfig.Keys.DNS,
                Nat.Keys.NAT,
                Bridged.Keys.UPLINK,
                Nat.Keys.EGRESS,
                Nat.Keys.FORWARDS,
                SwitchConfig.Keys.GUARD,
                SwitchConfig.Keys.STORM_CONTROL,
                SwitchConfig.Keys.FORWARD_RESERVED,
                SwitchConfig.Keys.HISTORY,
                PORT_GROUPS,
                PORTS),
            List.of(
                notIsolated(GatewayConfig.Keys.IPV4),
                notIsolated(GatewayConfig.Keys.IPV6),
                notIsolated(HostOnly.Keys.HOST_ADAPTER),
                notIsolated(GatewayConfig.Keys.DHCP),
                notIsolated(GatewayConfig.Keys.DNS),
                notIsolated(Nat.Keys.NAT),
                notIsolated(Nat.Keys.EGRESS),
                notIsolated(Nat.Keys.FORWARDS),
                notBridged(GatewayConfig.Keys.IPV4),
                notBridged(GatewayConfig.Keys.IPV6),
                notBridged(HostOnly.Keys.HOST_ADAPTER),
                notBridged(GatewayConfig.Keys.DHCP),
                notBridged(GatewayConfig.Keys.DNS),
                notBridged(Nat.Keys.NAT),
                notBridged(Nat.Keys.EGRESS),
                notBridged(Nat.Keys.FORWARDS),
                noUplink(Word.NAT),
                noUplink(Word.HOST_ONLY),
                noUplink(Word.ISOLATED),
                notHostOnly(Nat.Keys.NAT, "a host-only network leads nowhere and has no NAT"),
                notHostOnly(
                    Nat.Keys.EGRESS, "a host-only network leads nowhere and has no egress rules"),
                notHostOnly(Nat.Keys.FORWARDS, "only a network of mode nat has forwards"),
                hasSubnet(Word.NAT),
                hasSubnet(Word.HOST_ONLY)),
            Map.of("io-loops", "I/O loops are"));

    private Keys() {}

    private static KeyRule notIsolated(Key<?> key) {
      return new KeyRule.NotWhere(
          key,
          MODE,
          EnumText.word(Word.ISOLATED),
          "an isolated network is a switch alone and has no " + key.name());
    }

    private static KeyRule notBridged(Key<?> key) {
      return new KeyRule.NotWhere(
          key,
          MODE,
          EnumText.word(Word.BRIDGED),
          "the guests of a bridged network have the LAN's services, and it has no " + key.name());
    }

    private static KeyRule noUplink(Word mode) {
      return new KeyRule.NotWhere(
          Bridged.Keys.UPLINK,
          MODE,
          EnumText.word(mode),
          "only a network of mode bridged has an uplink");
    }

    private static KeyRule notHostOnly(Key<?> key, String why) {
      return new KeyRule.NotWhere(key, MODE, EnumText.word(Word.HOST_ONLY), why);
    }

    private static KeyRule hasSubnet(Word mode) {
      String word = EnumText.word(mode);
      return new KeyRule.NeededWhere(
          GatewayConfig.Keys.IPV4,
          GatewayConfig.Keys.IPV6,
          MODE,
          word,
          "a network of mode "
              + word
              + " has a subnet, as in ipv4: {subnet: auto}; with ipv6: on it may do without IPv4");
    }
  }
}
