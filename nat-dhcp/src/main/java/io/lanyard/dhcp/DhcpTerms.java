package io.lanyard.dhcp;

import io.lanyard.config.DhcpConfig;
import io.lanyard.config.DnsConfig;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.Ipv4Config;
import io.lanyard.config.Ipv6Config;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.ReservationConfig;
import io.lanyard.net.Address;
import io.lanyard.net.AddressRange;
import io.lanyard.net.Subnet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
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

  /** The network's IPv6 subnet, where the server is that of IPv6; null for IPv4. */
  private final @Nullable Subnet ipv6;

  private Leased leased;
  private DhcpConfig dhcp;
  private List<Reserved> reservations;
  private int mtu;
  private @Nullable String domain;
  private Map<Long, String> names;
  private Set<Address> fixed;
  private List<Subnet> ofPorts;

  /**
   * The addresses that a server gives.
   *
   * @param subnet the network's
   * @param server the server's own address: the gateway's
   * @param pool those that anybody gets
   */
  private record Leased(Subnet subnet, Address server, AddressRange pool) {}

  /** The terms of the server of IPv4. */
  DhcpTerms(NetworkConfig config, Collection<GuestConfig> guests) {
    this(config, guests, null);
  }

  /**
   * The terms of the server of IPv6.
   *
   * @param subnet the network's IPv6 subnet; null for the server of IPv4
   */
  DhcpTerms(NetworkConfig config, Collection<GuestConfig> guests, @Nullable Subnet subnet) {
    network = config.name();
    ipv6 = subnet;
    leased = leased(config);
    dhcp = dhcp(config);
    reservations = reservations(config);
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
    Leased next = leased(config);
    if (!config.name().equals(network)
        || !next.subnet().equals(leased.subnet())
        || !next.server().equals(leased.server())) {
      throw new IllegalArgumentException(
          "the DHCP server of " + network + " keeps its network, subnet and gateway while it runs");
    }
    DhcpConfig nextDhcp = dhcp(config);
    leased = next;
    dhcp = nextDhcp;
    reservations = reservations(config);
    mtu = config.mtu();
    domain = domain(config);
    names = names(config, guests);
    fixed = fixed(config);
    ofPorts = ofPorts(config);
  }

  private Leased leased(NetworkConfig config) {
    Subnet subnet = ipv6;
    if (subnet != null) {
      return new Leased(subnet, Ipv6Config.gateway(subnet), Ipv6Config.pool(subnet));
    }
    Ipv4Config ipv4 =
        Objects.requireNonNull(GatewayConfig.of(config).ipv4(), "the network has no IPv4");
    return new Leased(ipv4.subnet(), ipv4.gateway(), ipv4.pool());
  }

  private List<Reserved> reservations(NetworkConfig config) {
    List<Reserved> kept = new ArrayList<>();
    for (ReservationConfig one : dhcp(config).reservations()) {
      Address address = ipv6 == null ? one.address() : one.ipv6();
      if (address != null) {
        kept.add(new Reserved(one.mac().bits(), address, one.hostname()));
      }
    }
    return List.copyOf(kept);
  }

  private static DhcpConfig dhcp(NetworkConfig config) {
    return GatewayConfig.of(config).dhcp();
  }

  private static @Nullable String domain(NetworkConfig config) {
    DnsConfig dns = GatewayConfig.of(config).dns();
    return dns.enabled() ? dns.domain() : null;
  }

  /**
   * A guest of the configuration is known by its name, and its forwards go to nobody else. A
   * reservation that keeps an address of one family gives its name in the other too.
   */
  private Map<Long, String> names(NetworkConfig config, Collection<GuestConfig> guests) {
    Map<Long, String> names = new HashMap<>();
    for (ReservationConfig one : dhcp(config).reservations()) {
      if (one.hostname() != null && (ipv6 != null || one.address() == null)) {
        names.put(one.mac().bits(), one.hostname());
      }
    }
    for (GuestConfig guest : guests) {
      guest
          .nicOn(config.name())
          .ifPresent(nic -> names.putIfAbsent(nic.mac().bits(), guest.name()));
    }
    return names;
  }

  /** A host with a fixed name has its address by other means than DHCP, or by a reservation. */
  private static Set<Address> fixed(NetworkConfig config) {
    return GatewayConfig.of(config).dns().hosts().values().stream()
        .flatMap(List::stream)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Addresses that a port may use without a lease are its own. */
  private static List<Subnet> ofPorts(NetworkConfig config) {
    return config.ports().stream().flatMap(port -> port.policy().addresses().stream()).toList();
  }

  /** The network's name, for the log. */
  String network() {
    return network;
  }

  /** Whether the server is that of IPv4. */
  boolean isIpv4() {
    return ipv6 == null;
  }

  /** The network's addresses. */
  Subnet subnet() {
    return leased.subnet();
  }

  /** The server's own address: the gateway's. */
  Address server() {
    return leased.server();
  }

  /** The addresses that anybody gets. */
  AddressRange pool() {
    return leased.pool();
  }

  /** The addresses that are kept for clients. */
  List<Reserved> reservations() {
    return reservations;
  }

  DhcpConfig dhcp() {
    return dhcp;
  }

  /** The options that clients get besides their address. */
  DhcpConfig.Options options() {
    return dhcp.options();
  }

  /** The name servers that clients of IPv6 are told: the gateway unless others are said. */
  List<Address> ipv6DnsServers() {
    List<Address> said = dhcp.options().ipv6DnsServers();
    if (said != null) {
      return said;
    }
    return domain == null ? List.of() : List.of(leased.server());
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
