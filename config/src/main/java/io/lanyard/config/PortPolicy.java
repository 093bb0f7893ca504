package io.lanyard.config;

import io.lanyard.net.Subnet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The policy of a port, or of a guest's NIC, on its network. What it inherits from its port group
 * is in it already, key by key; what the network says is not.
 *
 * @param group the name of its port group; empty for none
 * @param guard its guard, or null for the network's
 * @param isolated whether it reaches the gateway alone, and neither the host adapter nor another
 *     port
 * @param macLimit the most MAC addresses behind it, or null for the usual number
 * @param storm how much it may send to all
 * @param addresses what it may use besides leases and reservations of its own
 * @param limits how much passes it
 * @param egress where the guests behind it may go, before its group's rules
 * @param groupEgress where the guests behind all ports of its group may go, before the network's
 *     rules
 */
public record PortPolicy(
    String group,
    @Nullable GuardMode guard,
    boolean isolated,
    @Nullable Integer macLimit,
    PortStorm storm,
    List<Subnet> addresses,
    PortLimits limits,
    EgressConfig egress,
    EgressConfig groupEgress) {
  /** Nothing is said of the port. */
  public static final PortPolicy DEFAULT =
      new PortPolicy(
          "",
          null,
          false,
          null,
          PortStorm.INHERITED,
          List.of(),
          PortLimits.NONE,
          EgressConfig.INHERITED,
          EgressConfig.INHERITED);

  /** Copies the list. */
  public PortPolicy {
    addresses = List.copyOf(addresses);
  }

  /** MAC addresses behind a guarded port, unless said: a host with containers of its own. */
  public static final int USUAL_MACS = 16;

  /** The keys of a port that are about its policy. A NIC and a port group have some of them. */
  static final class Keys {
    /** More than a port can have in a switch's table of MAC addresses. */
    private static final int MOST_MACS = 65_536;

    private static final Kind<Subnet> OWN =
        Kind.such(
            "own-address",
            "an address or a subnet",
            "^("
                + Kind.IPV4_PATTERN
                + "(/[0-9]{1,2})?|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(/[0-9]{1,3})?)$",
            Keys::own,
            "192.168.127.10",
            "192.168.127.16/28");

    static final Key<String> PORT_GROUP =
        Key.optional(
            "port-group",
            Kind.PORT_GROUP_NAME,
            "none",
            "The port group of the network whose settings it inherits: each key that it does not"
                + " say itself.");

    static final Key<GuardMode> GUARD =
        Key.optional(
            "guard",
            Choice.of(GuardMode.class),
            "the port group's, else the network's",
            "Which addresses it may claim. strict also holds a guest's NIC to its own MAC"
                + " address.");

    static final Key<Boolean> ISOLATED =
        Key.optional(
            "isolated",
            new Form.Flag(),
            "the port group's, else false",
            "Whether it reaches the gateway alone (its services and the way out), and neither the"
                + " host adapter nor another port.");

    static final Key<Integer> MAC_LIMIT =
        Key.optional(
            "mac-limit",
            new Form.Whole(1, MOST_MACS),
            "the port group's, else " + USUAL_MACS + " with a guard, any number without",
            "The most MAC addresses behind it.");

    static final Key<Form.OffOr.Given> STORM_CONTROL =
        Key.optional(
            "storm-control",
            new Form.OffOr(PortStorm.Keys.SECTION, false),
            Key.DEFAULTS_OF_ITS_KEYS,
            "How much it may send to all others, or off.");

    static final Key<List<Subnet>> ADDRESSES =
        Key.defaulted(
            "addresses",
            new Form.ListOf<>(OWN),
            List.of(),
            "Addresses and subnets that it may use besides those leased to or reserved for its MAC"
                + " addresses. DHCP gives the addresses to nobody. Only with a guard.");

    static final Key<Form.OffOr.Given> LIMITS =
        Key.optional(
            "limits",
            new Form.OffOr(PortLimits.Keys.SECTION, false),
            Key.DEFAULTS_OF_ITS_KEYS,
            "How much passes it, or off for any amount, whatever its port group says.");

    static final Key<Fields> EGRESS =
        Key.optional(
            "egress",
            EgressConfig.Keys.PORT_SECTION,
            "the rules of the port group, if there is one, and the network's",
            EgressConfig.Keys.PORT_SECTION.meaning());

    private Keys() {}

    private static Subnet own(String text) {
      int whole = text.indexOf(':') < 0 ? 32 : 128;
      return Subnet.parse(text.indexOf('/') < 0 ? text + "/" + whole : text);
    }
  }
}
