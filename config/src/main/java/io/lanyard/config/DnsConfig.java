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
 * @param upstreams where questions for other names go
 */
public record DnsConfig(
    boolean enabled,
    String domain,
    Map<String, Address> hosts,
    boolean hostsFile,
    Upstreams upstreams) {
  /** Copies the map. */
  public DnsConfig {
    hosts = Collections.unmodifiableMap(new LinkedHashMap<>(hosts));
  }

  /** Where questions for names that the network does not have go. */
  public sealed interface Upstreams {}

  /** To the name servers of the host, as its {@code resolv.conf} has them. */
  public record OfHost() implements Upstreams {}

  /**
   * To these servers.
   *
   * @param servers at least one, in the order to try
   */
  public record Servers(List<Endpoint> servers) implements Upstreams {
    /** Copies the list. */
    public Servers {
      servers = List.copyOf(servers);
    }
  }

  /** Nowhere: they are refused. */
  public record None() implements Upstreams {}
}
