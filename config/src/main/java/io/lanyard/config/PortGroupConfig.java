package io.lanyard.config;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A port group of a network: the settings that ports and guests' NICs inherit that name it.
 *
 * @param name its name, unique in the network
 * @param mtu the largest IP packet on its ports, in bytes, or null for the network's
 * @param policy what its ports may do, as far as they do not say it themselves; it has no addresses
 *     and no group of its own
 */
public record PortGroupConfig(String name, @Nullable Integer mtu, PortPolicy policy) {
  /**
   * The ports that are in the group.
   *
   * @param network the group's network
   * @param guests all guests
   * @return the names of ports, and those of the ports of guests' NICs
   */
  public List<String> ports(NetworkConfig network, Collection<GuestConfig> guests) {
    List<String> ports = new ArrayList<>();
    for (PortConfig port : network.ports()) {
      if (port.policy().group().equals(name)) {
        ports.add(port.name());
      }
    }
    for (GuestConfig guest : guests) {
      for (GuestConfig.Nic nic : guest.nics()) {
        if (nic.network().equals(network.name()) && nic.policy().group().equals(name)) {
          ports.add(guest.name() + "." + nic.name());
        }
      }
    }
    return ports;
  }

  /** The keys of a port group. */
  static final class Keys {
    /** More groups than anybody writes by hand. */
    private static final int MOST = 1000;

    static final Section SECTION =
        new Section(
            "port-group",
            "Settings that ports and guests' NICs inherit that name the group. What a port says"
                + " itself comes before, each key on its own; what neither says is as the network"
                + " says.",
            List.of(
                PortKeys.MTU,
                PortPolicy.Keys.GUARD,
                PortPolicy.Keys.ISOLATED,
                PortPolicy.Keys.MAC_LIMIT,
                PortPolicy.Keys.STORM_CONTROL,
                PortPolicy.Keys.LIMITS,
                PortPolicy.Keys.EGRESS),
            List.of(),
            Map.of("vlan", "VLANs of ports are", "impairment", "impairments are"));

    static final Form<List<Form.Named<Fields>>> FORM =
        new Form.NamedMap<>(Kind.PORT_GROUP_NAME, SECTION, MOST, "port groups");

    private Keys() {}
  }
}
