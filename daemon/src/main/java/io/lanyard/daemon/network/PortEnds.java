package io.lanyard.daemon.network;

import io.lanyard.config.HostAdapterConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.config.PortConfig;
import io.lanyard.config.UplinkConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The other ends of a network's ports, in the words of the configuration. */
public final class PortEnds {
  /** The keys of the file that say where a port's other end is. */
  private static final Set<String> KEYS =
      Set.of(
          "path",
          "peer",
          "listen",
          "connect",
          "local",
          "remote",
          "remotes",
          "vni",
          "interface",
          "device",
          "netns",
          "network");

  private PortEnds() {}

  /**
   * The other ends of all ports that have one by the configuration.
   *
   * @param network the network
   * @return by the port's name, such as {@code device=t0 netns=a}
   */
  public static Map<String, String> of(NetworkConfig network) {
    Map<String, String> ends = new HashMap<>();
    for (PortConfig port : network.ports()) {
      List<String> parts = new ArrayList<>();
      port.describe((key, value) -> {
        if (KEYS.contains(key)) {
          parts.add(key + "=" + value);
        }
      });
      ends.put(port.name(), String.join(" ", parts));
    }
    HostAdapterConfig adapter = network.hostAdapter();
    if (adapter != null) {
      ends.put(Network.HOST_PORT, "device=" + adapter.name());
    }
    if (network.mode() instanceof NetworkMode.Bridged(UplinkConfig uplink)) {
      String netns = uplink.netns();
      ends.put(
          Network.UPLINK_PORT,
          "interface=" + uplink.label() + (netns == null ? "" : " netns=" + netns));
    }
    return ends;
  }
}
