package io.lanyard.config;

import io.lanyard.config.PortPolicy.Keys;
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

  /** Reads what a port may do. */
  static PortPolicy port(Fields port, GuardMode ofNetwork, EgressConfig egress) {
    GuardMode own = port.find(Keys.GUARD);
    if ((own == null ? ofNetwork : own) == GuardMode.OFF) {
      port.refuse(Keys.ADDRESSES, "a port without a guard may use any address; give it a guard");
    }
    return new PortPolicy(
        own,
        port.value(Keys.ISOLATED),
        port.find(Keys.MAC_LIMIT),
        port.value(Keys.ADDRESSES),
        PortLimits.Keys.read(port),
        egress);
  }

  /** Reads the policy of a guest's NIC, which has one MAC address that the daemon knows. */
  static PortPolicy nic(Fields nic, EgressConfig ofGuest) {
    return new PortPolicy(
        nic.find(Keys.GUARD),
        nic.value(Keys.ISOLATED),
        null,
        List.of(),
        PortLimits.Keys.read(nic),
        ofGuest);
  }
}
