package io.lanyard.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A network's DNS forwarder.
 *
 * @param enabled whether there is one
 * @param domain the guests' domain, lower case, without a dot at its end
 * @param hosts further names, in the order of the file: lower case, relative to the domain unless
 *     they have a dot
 * @param upstreams servers to ask; when empty, those of the host's {@code resolv.conf}
 */
public record DnsConfig(
    boolean enabled, String domain, Map<String, Ipv4Address> hosts, List<Endpoint> upstreams) {
  /** Copies the collections. */
  public DnsConfig {
    hosts = Collections.unmodifiableMap(new LinkedHashMap<>(hosts));
    upstreams = List.copyOf(upstreams);
  }
}
