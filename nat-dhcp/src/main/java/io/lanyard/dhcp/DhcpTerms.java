package io.lanyard.dhcp;

import io.lanyard.config.DhcpConfig;
import io.lanyard.config.DnsConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.Ipv4Config;
import io.lanyard.config.NetworkConfig;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The configuration as the parts of one server read it. They share this object, and so see what it
 * takes while the server runs; those that have derived something from it are told to do so anew.
 *
 * <p>Thread: the network's loop only.
 */
final class DhcpTerms {
  /** How long an offered address is held. */
  static final Duration OFFER_TIME = Duration.ofSeconds(30);

  /** How long an address that a client found in use stays out of the pool. */
  static final Duration DECLINE_TIME = Duration.ofMinutes(10);

  private final String network;
  private Ipv4Config ipv4;
  private DhcpConfig dhcp;
  private int mtu;
  private @Nullable String domain;
  private Map<Long, String> names;
  private Set<Address> fixed;
  private List<Subnet> ofPorts;

  DhcpTerms(NetworkConfig config, Collection<GuestConfig> guests) {
    network = config.name();
    ipv4 = ipv4(config);
    dhcp = dhcp(config);
    mtu = config.mtu();
    domain = domain(config);
    names = names(config, guests);
    fixed = fixed(config);
    ofPorts = ofPorts(config);
  }

  /**
   * Takes another configuration.
   *
   * @throws IllegalArgumentException if it is of another network or subnet; nothing has changed
   *     then
   */
  void configure(NetworkConfig config, Collection<GuestConfig> guests) {
    Ipv4Config next = ipv4(config);
    if (!config.name().equals(network)
        || !next.subnet().equals(ipv4.subnet())
        || !next.gateway().equals(ipv4.gateway())) {
      throw new IllegalArgumentException(
          "the DHCP server of " + network + " keeps its network, subnet and gateway while it runs");
    }
    DhcpConfig nextDhcp = dhcp(config);
    ipv4 = next;
    dhcp = nextDhcp;
    mtu = config.mtu();
    domain = domain(config);
    names = names(config, guests);
    fixed = fixed(config);
    ofPorts = ofPorts(config);
  }

  private static Ipv4Config ipv4(NetworkConfig config) {
    return Objects.requireNonNull(config.ipv4(), "an isolated network has no DHCP server");
  }

  private static DhcpConfig dhcp(NetworkConfig config) {
    return Objects.requireNonNull(config.dhcp(), "an isolated network has no DHCP server");
  }

  private static @Nullable String domain(NetworkConfig config) {
    DnsConfig dns = config.dns();
    return dns != null && dns.enabled() ? dns.domain() : null;
  }

  /** A guest of the configuration is known by its name, and its forwards go to nobody else. */
  private static Map<Long, String> names(NetworkConfig config, Collection<GuestConfig> guests) {
    Map<Long, String> names = new HashMap<>();
    for (GuestConfig guest : guests) {
      guest.nicOn(config.name()).ifPresent(nic -> names.put(nic.mac().bits(), guest.name()));
    }
    return names;
  }

  /** A host with a fixed name has its address by other means than DHCP, or by a reservation. */
  private static Set<Address> fixed(NetworkConfig config) {
    DnsConfig dns = config.dns();
    return dns == null ? Set.of() : Set.copyOf(dns.hosts().values());
  }

  /** Addresses that a port may use without a lease are its own. */
  private static List<Subnet> ofPorts(NetworkConfig config) {
    return config.ports().stream().flatMap(port -> port.policy().addresses().stream()).toList();
  }

  /** The network's name, for the log. */
  String network() {
    return network;
  }

  /** The network's addresses. */
  Subnet subnet() {
    return ipv4.subnet();
  }

  /** The server's own address: the gateway's. */
  Address server() {
    return ipv4.gateway();
  }

  Ipv4Config ipv4() {
    return ipv4;
  }

  DhcpConfig dhcp() {
    return dhcp;
  }

  /** The options that clients get besides their address. */
  DhcpConfig.Options options() {
    return dhcp.options();
  }

  /** Bytes of IP packet. */
  int mtu() {
    return mtu;
  }

  /** The network's domain; null where the network has no names. */
  @Nullable String domain() {
    return domain;
  }

  /** Names that MAC addresses have, whatever they call themselves; nobody else gets them. */
  Map<Long, String> names() {
    return names;
  }

  /** Addresses that are given to nobody: static hosts'. */
  Set<Address> fixed() {
    return fixed;
  }

  /** Addresses that are given to nobody because a port may use them. */
  List<Subnet> ofPorts() {
    return ofPorts;
  }

  /** Whether an address is given to nobody: a static host's, or one that a port may use. */
  boolean excludes(Address address) {
    return fixed.contains(address) || ofPorts.stream().anyMatch(own -> own.contains(address));
  }

  /** How long an address is looked for before a client gets it; 0 not to look. */
  long probeNanos() {
    return dhcp.conflictProbe().toNanos();
  }
}
