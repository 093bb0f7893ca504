package io.lanyard.daemon.network;

import io.lanyard.config.GatewayConfig;
import io.lanyard.config.HostLoopback;
import io.lanyard.config.Ipv6Config;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.config.Service;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The part of the host that guests of a network reach at its address there, in words. */
final class HostServices {
  private HostServices() {}

  /**
   * Describes it.
   *
   * @param ipv6 the network's IPv6 subnet; null for none
   * @param adapterIsUp whether the host has its adapter on the network
   * @return a sentence; empty where guests reach nothing
   */
  static String text(NetworkConfig config, @Nullable Subnet ipv6, boolean adapterIsUp) {
    GatewayConfig offered = config.gateway();
    if (!config.enabled() || offered == null) {
      return "";
    }
    List<String> addresses = new ArrayList<>();
    if (offered.ipv4() != null) {
      addresses.add(offered.ipv4().host().toString());
    }
    if (ipv6 != null) {
      addresses.add(Ipv6Config.host(ipv6).toString());
    }
    String at = String.join(" and ", addresses);
    if (config.hostAdapter() != null) {
      return adapterIsUp
          ? "what listens at " + at + ", or on all of the host's addresses; not for isolated ports"
          : "";
    }
    HostLoopback loopback =
        config.mode() instanceof NetworkMode.Nat nat ? nat.nat().hostLoopback() : HostLoopback.NONE;
    if (!loopback.enabled()) {
      return "";
    }
    List<String> services = loopback.services().stream().map(Service::toString).toList();
    return (services.isEmpty()
            ? "the host's loopback"
            : String.join(", ", services) + " of the host's loopback")
        + ", at "
        + at;
  }
}
