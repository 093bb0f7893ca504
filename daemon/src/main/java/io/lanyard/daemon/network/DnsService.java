package io.lanyard.daemon.network;

import io.lanyard.config.GatewayConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.dns.DnsForwarder;
import io.lanyard.dns.DnsStreamService;
import io.lanyard.dns.Ipv6Names;
import io.lanyard.nat.NatNetwork;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Serves a network's DNS as the configuration says.
 *
 * <p>Thread: the network's loop only.
 */
final class DnsService {
  private DnsService() {}

  /**
   * Starts the forwarder on the gateway, over UDP and TCP.
   *
   * @param guests all guests
   * @return the forwarder; null if the network has none
   */
  static @Nullable DnsForwarder open(
      NetworkConfig config, Collection<GuestConfig> guests, NatNetwork nat) {
    if (!GatewayConfig.of(config).dns().enabled()) {
      return null;
    }
    DnsForwarder dns =
        new DnsForwarder(
            config,
            guests,
            nat.gateway(),
            Ipv6Names.of(nat.gateway()),
            nat.names(),
            nat.translators(),
            nat.nameMemory(),
            nat.descriptors().holder("dns"));
    nat.serve(DnsForwarder.PORT, dns);
    nat.serve(DnsForwarder.PORT, new DnsStreamService(dns, nat.gateway()));
    return dns;
  }
}
