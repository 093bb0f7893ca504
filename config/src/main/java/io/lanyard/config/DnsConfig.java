package io.lanyard.config;

import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
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
 *     they have a dot; one that begins with {@code *.} is for every name below it
 * @param hostsFile whether the names of the host's {@code /etc/hosts} are answered too
 * @param upstreams servers to ask; when empty, those of the host's {@code resolv.conf}
 */
public record DnsConfig(
    boolean enabled,
    String domain,
    Map<String, Address> hosts,
    boolean hostsFile,
    List<Endpoint> upstreams) {
  /** Copies the collections. */
  public DnsConfig {
    hosts = Collections.unmodifiableMap(new LinkedHashMap<>(hosts));
    upstreams = List.copyOf(upstreams);
  }
}
