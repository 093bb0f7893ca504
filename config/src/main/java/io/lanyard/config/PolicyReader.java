package io.lanyard.config;

import io.lanyard.net.Subnet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what a network's switch lets pass, and what its ports may claim. */
final class PolicyReader {
  private static final int MOST_COPIES = 1_000_000_000;

  /** More than a port can have in a switch's table of MAC addresses. */
  private static final int MOST_MACS = 65_536;

  private static final Kind<GuardMode> GUARD = Kind.oneOf(GuardMode.class);
  private static final Kind<ReservedFrames> RESERVED = Kind.oneOf(ReservedFrames.class);

  private static final Kind<Boolean> OFF =
      new Kind<>(
          "off, or a mapping with broadcast, multicast and unknown",
          text -> {
            if (!text.equals("off")) {
              throw new IllegalArgumentException("it is neither");
            }
            return false;
          });

  private static final Kind<Subnet> OWN =
      new Kind<>(
          "an address such as 192.168.127.10, or a subnet",
          text -> {
            int whole = text.indexOf(':') < 0 ? 32 : 128;
            return Subnet.parse(text.indexOf('/') < 0 ? text + "/" + whole : text);
          });

  private PolicyReader() {}

  static SwitchConfig network(Fields network) {
    return new SwitchConfig(
        network.value("guard", GUARD, GuardMode.OFF),
        storm(network),
        Set.copyOf(network.values("forward-reserved", RESERVED, List.of())));
  }

  private static @Nullable StormConfig storm(Fields network) {
    if (!network.has("storm-control")) {
      return StormConfig.DEFAULT;
    }
    if (!network.isMapping("storm-control")) {
      var _ = network.value("storm-control", OFF);
      return null;
    }
    Fields storm = network.mapping("storm-control", Section.STORM_CONTROL);
    if (storm == null) {
      return null;
    }
    StormConfig usual = StormConfig.DEFAULT;
    return new StormConfig(
        storm.number("broadcast", 1, MOST_COPIES, usual.broadcast()),
        storm.number("multicast", 1, MOST_COPIES, usual.multicast()),
        storm.number("unknown", 1, MOST_COPIES, usual.unknown()));
  }

  /** Reads what a port may do. */
  static PortPolicy port(Fields port, GuardMode ofNetwork) {
    GuardMode own = port.value("guard", GUARD);
    if ((own == null ? ofNetwork : own) == GuardMode.OFF) {
      port.refuse("addresses", "a port without a guard may use any address; give it a guard");
    }
    return new PortPolicy(
        own,
        port.flag("isolated", false),
        port.has("mac-limit") ? port.number("mac-limit", 1, MOST_MACS, 1) : null,
        port.values("addresses", OWN, List.of()));
  }

  /** Reads the policy of a guest's NIC, which has one MAC address that the daemon knows. */
  static PortPolicy nic(Fields nic) {
    return new PortPolicy(nic.value("guard", GUARD), nic.flag("isolated", false), null, List.of());
  }
}
