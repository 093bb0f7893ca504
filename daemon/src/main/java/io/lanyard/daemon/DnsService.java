package io.lanyard.daemon;

import io.lanyard.config.DnsConfig;
import io.lanyard.config.Ipv4Config;
import io.lanyard.config.NetworkConfig;
import io.lanyard.dns.DnsForwarder;
import io.lanyard.dns.DnsSettings;
import io.lanyard.dns.DnsStreamService;
import io.lanyard.dns.Upstreams;
import io.lanyard.nat.NatNetwork;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import java.nio.file.Path;
import java.util.Map;
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
   * @param names the addresses of fixed names
   * @param host the address of {@code host.<domain>}; null if the host does not answer there
   * @return the forwarder; null if the network has none
   */
  static @Nullable DnsForwarder open(
      NetworkConfig config,
      Ipv4Config ipv4,
      Map<String, Address> names,
      @Nullable Address host,
      NatNetwork nat) {
    DnsConfig settings = config.dns();
    if (settings == null || !settings.enabled()) {
      return null;
    }
    DnsForwarder dns =
        new DnsForwarder(
            config.name(),
            settings(settings, ipv4, host, names),
            nat.gateway(),
            nat.descriptors().holder("dns"));
    nat.gateway().stations().addListener(dns::end);
    nat.serve(DnsForwarder.PORT, dns);
    nat.serve(DnsForwarder.PORT, new DnsStreamService(dns, nat.gateway()));
    return dns;
  }

  private static DnsSettings settings(
      DnsConfig settings, Ipv4Config ipv4, @Nullable Address host, Map<String, Address> names) {
    return DnsSettings.of(settings.domain(), ipv4.subnet(), ipv4.gateway())
        .withHost(host)
        .withHosts(names)
        .withUpstreams(upstreams(settings))
        .withHostsFile(settings.hostsFile() ? Path.of("/etc/hosts") : null);
  }

  private static Upstreams upstreams(DnsConfig dns) {
    DnsConfig.Upstreams said = dns.upstreams();
    // No pattern switch: the JVM would spin a class for it in each start.
    if (said instanceof DnsConfig.Servers(var servers)) {
      return new Upstreams.Servers(servers.stream().map(Endpoint::toSocketAddress).toList());
    }
    return said instanceof DnsConfig.OfHost
        ? new Upstreams.OfHost(Path.of("/etc/resolv.conf"))
        : new Upstreams.None();
  }
}
