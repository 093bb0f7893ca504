package io.lanyard.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The port groups of one network, as its ports and NICs find them. */
final class PortGroups {
  /** The names, of groups with problems too. */
  private final List<String> names;

  private final Map<String, PortGroupConfig> groups = new LinkedHashMap<>();

  private final boolean leadsOut;
  private final boolean hasNames;

  private PortGroups(List<String> names, boolean leadsOut, boolean hasNames) {
    this.names = names;
    this.leadsOut = leadsOut;
    this.hasNames = hasNames;
  }

  /**
   * Reads them.
   *
   * @param leadsOut whether the network leads to the world
   * @param hasNames whether the network has a name server
   */
  static PortGroups read(
      Fields network, int networkMtu, boolean leadsOut, boolean hasNames, EgressReader egress) {
    PortGroups all =
        new PortGroups(network.keysOf(NetworkConfig.Keys.PORT_GROUPS), leadsOut, hasNames);
    for (Form.Named<Fields> named : network.value(NetworkConfig.Keys.PORT_GROUPS)) {
      Fields fields = named.value();
      if (fields != null) {
        PolicyReader.leadsOut(fields, leadsOut);
        Integer mtu =
            fields.has(PortKeys.MTU) ? fields.atMost(networkMtu, PortKeys.MTU, networkMtu) : null;
        all.groups.put(
            named.name(),
            new PortGroupConfig(
                named.name(), mtu, PolicyReader.group(fields, egress.port(fields, hasNames))));
      }
    }
    return all;
  }

  /** All without problems, in the order of the file. */
  Map<String, PortGroupConfig> all() {
    return groups;
  }

  /**
   * Reports a NIC on this network whose guest has egress rules that decide nothing here: its guest
   * would be thought closed, and have the whole network.
   */
  void holds(Fields nic, EgressConfig ofGuest) {
    if (ofGuest.equals(EgressConfig.INHERITED)) {
      return;
    }
    if (!leadsOut) {
      nic.problem(
          GuestConfig.Nic.Keys.NETWORK,
          "the guest's egress rules hold on networks of mode nat only; for a guest with a NIC here,"
              + " write them in a port group of the nat network");
    } else if (!hasNames && ofGuest.isAboutNames()) {
      nic.problem(
          GuestConfig.Nic.Keys.NETWORK,
          "the guest has egress rules about names, which mean what a network's name server has"
              + " told, and this network's dns: {enabled: false} says that there is none");
    }
  }

  /**
   * The group of a port or a NIC; null if it names none, or one with problems. One that is not
   * there is reported.
   */
  @Nullable PortGroupConfig of(Fields port) {
    String name = port.find(PortPolicy.Keys.PORT_GROUP);
    if (name == null) {
      return null;
    }
    if (!names.contains(name)) {
      port.problem(
          PortPolicy.Keys.PORT_GROUP,
          "the network has no port group " + Quoted.quote(name) + Quoted.hint(name, names));
    }
    return groups.get(name);
  }
}
