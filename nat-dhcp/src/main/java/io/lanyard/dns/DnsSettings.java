package io.lanyard.dns;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The names that one network's DNS forwarder answers itself, and its limits.
 *
 * @param domain the network's domain without a final dot, such as {@code lan}
 * @param subnet the network's subnet, whose reverse names are answered here
 * @param gateway the gateway's address: {@code gateway.<domain>}
 * @param host the host's address, {@code host.<domain>}; null where it does not answer
 * @param hosts names of fixed hosts, below the domain unless they have a dot, and their addresses;
 *     of several names of one address the first is its reverse name; one that begins with {@code *}
 *     stands for all names below it that have no address of their own
 * @param upstreams where questions for other names go
 * @param hostsFile the host's hosts file, whose names guests are to have too; null for none
 * @param cacheEntries answers kept at most
 * @param cacheBytes bytes of answers kept at most
 * @param maxTtl the longest that an answer is kept
 * @param maxNegativeTtl the longest that a denial is kept (RFC 2308 section 5)
 * @param ownTtl how long guests may keep names of this network, which change with the leases
 * @param limits how much may be waiting for upstream
 * @param attemptTimeout how long an upstream server has before the next one is asked too
 * @param queryTimeout how long a question waits for upstream in all
 */
public record DnsSettings(
    String domain,
    Subnet subnet,
    Address gateway,
    @Nullable Address host,
    Map<String, Address> hosts,
    Upstreams upstreams,
    @Nullable Path hostsFile,
    int cacheEntries,
    long cacheBytes,
    Duration maxTtl,
    Duration maxNegativeTtl,
    Duration ownTtl,
    DnsLimits limits,
    Duration attemptTimeout,
    Duration queryTimeout) {
  /** Copies the map; its order stays. */
  public DnsSettings {
    hosts = Collections.unmodifiableMap(new LinkedHashMap<>(hosts));
  }

  /**
   * Starts from what a network has unless it says otherwise.
   *
   * @param domain the network's domain
   * @param subnet the network's subnet
   * @param gateway the gateway's address
   * @return settings without host, fixed hosts and hosts file, that follow {@code /etc/resolv.conf}
   */
  public static DnsSettings of(String domain, Subnet subnet, Address gateway) {
    return new DnsSettings(
        domain,
        subnet,
        gateway,
        null,
        Map.of(),
        new Upstreams.OfHost(Path.of("/etc/resolv.conf")),
        null,
        10_000,
        8 << 20,
        Duration.ofDays(1),
        Duration.ofHours(1),
        Duration.ofSeconds(10),
        DnsLimits.DEFAULT,
        Duration.ofMillis(1500),
        Duration.ofSeconds(8));
  }

  /**
   * Sets the address of {@code host.<domain>}.
   *
   * @param address the address, or null for none
   * @return other settings
   */
  public DnsSettings withHost(@Nullable Address address) {
    return with(address, hosts, upstreams, hostsFile, attemptTimeout, queryTimeout);
  }

  /**
   * Sets the fixed hosts.
   *
   * @param names names and addresses
   * @return other settings
   */
  public DnsSettings withHosts(Map<String, Address> names) {
    return with(host, names, upstreams, hostsFile, attemptTimeout, queryTimeout);
  }

  /**
   * Sets where questions for other names go.
   *
   * @param servers whom to ask
   * @return other settings
   */
  public DnsSettings withUpstreams(Upstreams servers) {
    return with(host, hosts, servers, hostsFile, attemptTimeout, queryTimeout);
  }

  /**
   * Sets the hosts file that is followed.
   *
   * @param file the file, or null for none
   * @return other settings
   */
  public DnsSettings withHostsFile(@Nullable Path file) {
    return with(host, hosts, upstreams, file, attemptTimeout, queryTimeout);
  }

  /**
   * Sets how long upstream servers have.
   *
   * @param attempt until the next server is asked too
   * @param query until the guest is told that nobody answers
   * @return other settings
   */
  public DnsSettings withTimeouts(Duration attempt, Duration query) {
    return with(host, hosts, upstreams, hostsFile, attempt, query);
  }

  private DnsSettings with(
      @Nullable Address newHost,
      Map<String, Address> newHosts,
      Upstreams newUpstreams,
      @Nullable Path newHostsFile,
      Duration newAttempt,
      Duration newQuery) {
    return new DnsSettings(
        domain,
        subnet,
        gateway,
        newHost,
        newHosts,
        newUpstreams,
        newHostsFile,
        cacheEntries,
        cacheBytes,
        maxTtl,
        maxNegativeTtl,
        ownTtl,
        limits,
        newAttempt,
        newQuery);
  }
}
