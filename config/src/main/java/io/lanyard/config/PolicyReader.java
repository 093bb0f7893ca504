package io.lanyard.config;

import io.lanyard.config.PortPolicy.Keys;
import io.lanyard.net.Subnet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the frames that a network's switch lets pass, and the addresses that its ports may claim.
 */
final class PolicyReader {
  private PolicyReader() {}

  static SwitchConfig network(Fields network) {
    return new SwitchConfig(
        network.value(SwitchConfig.Keys.GUARD),
        storm(network),
        Set.copyOf(network.value(SwitchConfig.Keys.FORWARD_RESERVED)),
        network.find(SwitchConfig.Keys.HISTORY));
  }

  private static @Nullable StormConfig storm(Fields network) {
    Form.OffOr.Given given = network.find(SwitchConfig.Keys.STORM_CONTROL);
    if (given == null) {
      return StormConfig.DEFAULT;
    }
    Fields storm = given.mapping(); // null for off
    if (storm == null) {
      return null;
    }
    return new StormConfig(
        storm.value(StormConfig.Keys.BROADCAST),
        storm.value(StormConfig.Keys.MULTICAST),
        storm.value(StormConfig.Keys.UNKNOWN));
  }

  /** Refuses egress where there is none. */
  static void leadsOut(Fields port, boolean leadsOut) {
    if (!leadsOut) {
      port.refuse(Keys.EGRESS, "only a network of mode nat leads out");
    }
  }

  /** Reads what a port may do, which may be in a group. */
  static PortPolicy port(
      Fields port, GuardMode ofNetwork, EgressConfig egress, @Nullable PortGroupConfig group) {
    PortPolicy policy =
        policy(port, port.find(Keys.MAC_LIMIT), port.value(Keys.ADDRESSES), egress, group);
    if ((policy.guard() == null ? ofNetwork : policy.guard()) == GuardMode.OFF) {
      port.refuse(Keys.ADDRESSES, "a port without a guard may use any address; give it a guard");
    }
    return policy;
  }

  /** Reads what the ports of a group may do. */
  static PortPolicy group(Fields group, EgressConfig egress) {
    return policy(group, group.find(Keys.MAC_LIMIT), List.of(), egress, null);
  }

  /**
   * Reads the policy of a guest's NIC, which has one MAC address that the daemon knows, and may be
   * in a group.
   */
  static PortPolicy nic(Fields nic, EgressConfig ofGuest, @Nullable PortGroupConfig group) {
    return policy(nic, null, List.of(), ofGuest, group);
  }

  /** Reads the keys that all have; one that is not said is the group's. */
  private static PortPolicy policy(
      Fields said,
      @Nullable Integer macLimit,
      List<Subnet> addresses,
      EgressConfig egress,
      @Nullable PortGroupConfig group) {
    PortPolicy shared = group == null ? PortPolicy.DEFAULT : group.policy();
    GuardMode guard = said.find(Keys.GUARD);
    return new PortPolicy(
        group == null ? "" : group.name(),
        guard == null ? shared.guard() : guard,
        said.value(Keys.ISOLATED, shared.isolated()),
        macLimit == null ? shared.macLimit() : macLimit,
        PortStorm.Keys.read(said).over(shared.storm()),
        addresses,
        PortLimits.Keys.read(said, shared.limits()),
        egress,
        shared.egress());
  }
}
