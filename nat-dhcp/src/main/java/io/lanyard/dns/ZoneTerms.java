package io.lanyard.dns;

import io.lanyard.config.DnsConfig;
import io.lanyard.config.FixedNames;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.Ipv4Config;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The configuration as one network's name server reads it.
 *
 * @param network the network
 * @param hosts names of fixed hosts, below the domain unless they have a dot, and their addresses;
 *     of several names of one address the first is its reverse name; one that begins with {@code *}
 *     stands for all names below it that have no address of their own
 */
record ZoneTerms(NetworkConfig network, Map<String, List<Address>> hosts) {
  static ZoneTerms of(NetworkConfig network, Collection<GuestConfig> guests) {
    return new ZoneTerms(network, FixedNames.of(network.name(), GatewayConfig.of(network), guests));
  }

  private GatewayConfig gatewayConfig() {
    return GatewayConfig.of(network);
  }

  /** The network's IPv4 addresses; null where it has IPv6 alone. */
  @Nullable Ipv4Config ipv4() {
    return gatewayConfig().ipv4();
  }

  DnsConfig dns() {
    return gatewayConfig().dns();
  }

  /** The network's domain without a final dot. */
  String domain() {
    return dns().domain();
  }

  /** The network's IPv4 subnet, whose reverse names are answered here; null for none. */
  @Nullable Subnet subnet() {
    Ipv4Config ipv4 = ipv4();
    return ipv4 == null ? null : ipv4.subnet();
  }

  /** The gateway's IPv4 address, {@code gateway.<domain>}; null for none. */
  @Nullable Address gateway() {
    Ipv4Config ipv4 = ipv4();
    return ipv4 == null ? null : ipv4.gateway();
  }

  /** Whether the host answers at its address, {@code host.<domain>}. */
  boolean answersForHost() {
    return network.hostAdapter() != null
        || (network.mode() instanceof NetworkMode.Nat nat && nat.nat().hostLoopback().enabled());
  }
}
