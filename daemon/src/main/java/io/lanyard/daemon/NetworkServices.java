package io.lanyard.daemon;

import io.lanyard.base.Counters;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Timers;
import io.lanyard.config.DhcpConfig;
import io.lanyard.config.DnsConfig;
import io.lanyard.config.GuardMode;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.Ipv4Config;
import io.lanyard.config.NatConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.config.ReservationConfig;
import io.lanyard.dhcp.DhcpServer;
import io.lanyard.dhcp.DhcpSettings;
import io.lanyard.dhcp.Lease;
import io.lanyard.dhcp.LeaseJournal;
import io.lanyard.dhcp.LeaseListener;
import io.lanyard.dhcp.Reservation;
import io.lanyard.dns.DnsForwarder;
import io.lanyard.dns.DnsSettings;
import io.lanyard.dns.DnsStreamService;
import io.lanyard.dns.Upstreams;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.NatOptions;
import io.lanyard.nat.gateway.GatewayAddresses;
import io.lanyard.nat.station.Stations;
import io.lanyard.nat.tcp.TcpSettings;
import io.lanyard.nat.udp.UdpOptions;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.MacAddress;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.policy.PortAddresses;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The services of a network's gateway: NAT where the mode has it, forwards, DHCP, DNS.
 *
 * <p>Thread: the network's loop only.
 */
final class NetworkServices {
  private final NetworkConfig config;
  private final Ipv4Config ipv4;
  private final boolean hostAdapter;
  private final NatNetwork nat;
  private final Map<Address, Long> owners = new HashMap<>();
  private final LeaseCount leaseCount = new LeaseCount();
  private @Nullable DhcpServer dhcp;
  private @Nullable DnsForwarder dns;

  /**
   * Makes the gateway, attaches it to the switch, and starts its services.
   *
   * @param config the network
   * @param ipv4 its addresses
   * @param loop its loop
   * @param ethernet its switch
   * @param timers its timers
   * @param allocator where frames come from
   * @param hostAdapter whether the host is to have an address on the network, now or when its
   *     adapter can be opened
   * @param journal where leases are kept
   * @param guests the guests that the configuration declares, for forwards to them
   * @param shared what all networks share of the host
   */
  NetworkServices(
      NetworkConfig config,
      Ipv4Config ipv4,
      EventLoop loop,
      Switch ethernet,
      Timers timers,
      ByteBufAllocator allocator,
      boolean hostAdapter,
      LeaseJournal journal,
      Map<String, GuestConfig> guests,
      HostResources shared) {
    this.config = config;
    this.ipv4 = ipv4;
    this.hostAdapter = hostAdapter;
    NatConfig natConfig = config.nat();
    boolean loopback = natConfig != null && natConfig.hostLoopback().enabled() && !hostAdapter;
    Map<String, Long> guestMacs = guestMacs(guests);
    this.nat =
        new NatNetwork(
            loop,
            ethernet,
            timers,
            allocator,
            options(loopback, shared),
            nic -> addressOf(nic.bits()));
    DhcpConfig dhcpConfig = config.dhcp();
    if (dhcpConfig != null && dhcpConfig.enabled()) {
      dhcp =
          new DhcpServer(
              config.name(), dhcpSettings(dhcpConfig, guestMacs), nat.gateway(), journal);
      long probe = dhcpConfig.conflictProbe().toNanos();
      if (probe > 0) {
        dhcp.probeWith((address, listener) -> nat.gateway().probe(address, probe, listener));
      }
      nat.serve(DhcpServer.SERVER_PORT, dhcp);
      dhcp.leases().addListener(new FlowEnder());
      dhcp.leases().addListener(leaseCount);
    }
    DnsConfig dnsConfig = config.dns();
    if (dnsConfig != null && dnsConfig.enabled()) {
      Address host = hostAdapter || loopback ? ipv4.host() : null;
      dns = new DnsForwarder(config.name(), dnsSettings(dnsConfig, host), nat.gateway());
      nat.serve(DnsForwarder.PORT, dns);
      nat.serve(DnsForwarder.PORT, new DnsStreamService(dns, nat.gateway()));
      if (dhcp != null) {
        dhcp.leases().addListener(dns.names());
      }
    }
  }

  /** Tells the guards whose the gateway's, the reserved and the leased addresses are. */
  void bind(PortAddresses addresses) {
    Map<Address, Long> fixed = new HashMap<>();
    DhcpConfig settings = config.dhcp();
    if (settings != null) {
      settings.reservations().forEach(kept -> fixed.put(kept.address(), kept.mac().bits()));
    }
    long gateway = nat.gateway().addresses().mac();
    fixed.put(ipv4.gateway(), gateway);
    if (!hostAdapter) {
      fixed.put(ipv4.host(), gateway); // nobody's, or the gateway's way to the loopback
    }
    AddressBindings bindings = new AddressBindings(addresses, fixed);
    if (config.switching().guard() != GuardMode.OFF) {
      // Also of ports that have no guard of their own: without one, an address belongs to the last
      // station that claims it, as on a wire.
      nat.gateway()
          .stations()
          .neighbours()
          .guard((address, station) -> addresses.permits(address, station.mac()));
    }
    if (dhcp != null) {
      dhcp.leases().addListener(bindings);
    }
  }

  /** The counters of the parts, by the part's name. */
  Map<String, Counters<?>> counters() {
    Map<String, Counters<?>> all = new LinkedHashMap<>();
    all.put("gateway", nat.gateway().counters());
    all.put("stations", nat.gateway().stations().counters());
    all.put("tcp", nat.tcp().counters());
    all.put("udp", nat.udp().counters());
    all.put("icmp", nat.pings().counters());
    if (dhcp != null) {
      all.put("dhcp", dhcp.counters());
    }
    if (dns != null) {
      all.put("dns", dns.counters());
    }
    return all;
  }

  private static Upstreams upstreams(DnsConfig dns) {
    return switch (dns.upstreams()) {
      case DnsConfig.OfHost() -> new Upstreams.OfHost(Path.of("/etc/resolv.conf"));
      case DnsConfig.Servers(var servers) ->
          new Upstreams.Servers(servers.stream().map(Endpoint::toSocketAddress).toList());
      case DnsConfig.None() -> new Upstreams.None();
    };
  }

  private Map<String, Long> guestMacs(Map<String, GuestConfig> guests) {
    Map<String, Long> macs = new HashMap<>();
    for (GuestConfig guest : guests.values()) {
      guest.nics().stream()
          .filter(nic -> nic.network().equals(config.name()))
          .findFirst()
          .ifPresent(nic -> macs.put(guest.name(), nic.mac().bits()));
    }
    return macs;
  }

  /** The address that a NIC's lease gives it; null for none. */
  @Nullable Address addressOf(long mac) {
    DhcpServer server = dhcp;
    return server == null
        ? null
        : server.leases().byMac(mac).stream().map(Lease::address).findFirst().orElse(null);
  }

  private NatOptions options(boolean loopback, HostResources host) {
    GatewayAddresses addresses =
        new GatewayAddresses(
            MacAddress.derivedFrom("gateway of " + config.name()).bits(),
            ipv4.gateway(),
            ipv4.subnet(),
            ipv4.host(),
            loopback);
    NatConfig nat = config.nat();
    NatOptions options =
        NatOptions.of(config.name(), addresses)
            .withMtu(config.mtu())
            .withTranslate(config.mode() == NetworkMode.NAT)
            .withHost(host)
            .withEgress(EgressPolicies.of(config, host.subnets()))
            .withForwards(config.forwards());
    return nat == null
        ? options
        : options
            .withQuota(DescriptorDivision.quota(config.name(), nat, host.descriptors().most()))
            .withTcp(tcp(nat))
            .withUdp(udp(nat));
  }

  private static TcpSettings tcp(NatConfig nat) {
    TcpSettings usual = TcpSettings.defaults();
    return new TcpSettings(
        usual.sendBuffer(),
        usual.receiveBuffer(),
        usual.memory(),
        nat.timeouts().tcpConnect(),
        nat.timeouts().tcpEstablished(),
        nat.timeouts().tcpTransitory(),
        usual.keepAliveIdle(),
        usual.timeWait());
  }

  private static UdpOptions udp(NatConfig nat) {
    UdpOptions.Filtering filtering =
        switch (nat.filtering()) {
          case ENDPOINT_INDEPENDENT -> UdpOptions.Filtering.ENDPOINT_INDEPENDENT;
          case ADDRESS_DEPENDENT -> UdpOptions.Filtering.ADDRESS_DEPENDENT;
          case ADDRESS_AND_PORT_DEPENDENT -> UdpOptions.Filtering.ADDRESS_AND_PORT_DEPENDENT;
        };
    return new UdpOptions(
        filtering, nat.timeouts().udp().toNanos(), UdpOptions.DEFAULT.queryTimeoutNanos());
  }

  private DhcpSettings dhcpSettings(DhcpConfig settings, Map<String, Long> guestMacs) {
    List<Reservation> reservations = new ArrayList<>();
    for (ReservationConfig reservation : settings.reservations()) {
      reservations.add(
          new Reservation(reservation.mac().bits(), reservation.address(), reservation.hostname()));
    }
    // A guest of the configuration is known by its name, and its forwards go to nobody else.
    Map<Long, String> names = new HashMap<>();
    guestMacs.forEach((name, mac) -> names.put(mac, name));
    DnsConfig dnsConfig = config.dns();
    String domain = dnsConfig != null && dnsConfig.enabled() ? dnsConfig.domain() : null;
    // Who has a fixed name has its address by other means than DHCP, or by a reservation.
    Set<Address> fixedHosts =
        new HashSet<>(dnsConfig == null ? Set.of() : dnsConfig.hosts().values());
    config.ports().stream()
        .flatMap(port -> port.policy().addresses().stream())
        .filter(own -> own.prefix() == own.network().bits())
        .forEach(own -> fixedHosts.add(own.network()));
    return DhcpSettings.builder(ipv4.subnet())
        .server(ipv4.gateway())
        .pool(ipv4.pool())
        .routers(settings.options().routers())
        .dnsServers(settings.options().dnsServers())
        .ntpServers(settings.options().ntpServers())
        .search(settings.options().domainSearch())
        .boot(settings.options().bootFile(), settings.options().nextServer())
        .domain(domain)
        .mtu(config.mtu())
        .leaseTime(settings.leaseTime())
        .leaseBounds(settings.minLeaseTime(), settings.maxLeaseTime())
        .reservations(reservations)
        .names(names)
        .excluded(fixedHosts)
        .leasesPerPort(settings.leasesPerPort())
        .authoritative(settings.authoritative())
        .build();
  }

  private DnsSettings dnsSettings(DnsConfig settings, @Nullable Address host) {
    Map<String, Address> hosts = new LinkedHashMap<>(settings.hosts());
    DhcpConfig dhcpConfig = config.dhcp();
    if (dhcpConfig != null && dhcpConfig.enabled()) {
      // A reservation's machine has its name also while it is off, or before its first lease.
      for (ReservationConfig reservation : dhcpConfig.reservations()) {
        if (reservation.hostname() != null) {
          hosts.putIfAbsent(reservation.hostname(), reservation.address());
        }
      }
    }
    return DnsSettings.of(settings.domain(), ipv4.subnet(), ipv4.gateway())
        .withHost(host)
        .withHosts(hosts)
        .withUpstreams(upstreams(settings))
        .withHostsFile(settings.hostsFile() ? Path.of("/etc/hosts") : null);
  }

  NatNetwork nat() {
    return nat;
  }

  List<Lease> leases() {
    DhcpServer server = dhcp;
    return server == null ? List.of() : server.leases().leases();
  }

  /** The present problems with their remedies. */
  List<String> problems() {
    List<String> services =
        Stream.of(dhcp == null ? "" : dhcp.problem(), dns == null ? "" : dns.problem())
            .filter(problem -> !problem.isEmpty())
            .toList();
    List<String> all = new ArrayList<>(services);
    all.addAll(nat.problems());
    return all;
  }

  /** When a lease ends, by the wall clock as it is set now. */
  String expires(Lease lease) {
    DhcpServer server = dhcp;
    if (server == null || lease.expiryMillis() == Lease.NEVER) {
      return "never";
    }
    return server.clock().wallTime(lease.expiryMillis()).truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** How many leases are bound. Thread: any. */
  int boundLeases() {
    return leaseCount.bound;
  }

  /** How many flows go through the NAT; a flow or two late. Thread: any. */
  int flowCount() {
    return nat.flows().size();
  }

  /** Figures of the network: what its guests hold of what is divided. Read by any thread. */
  void measure(Metrics metrics) {
    Stations stations = nat.gateway().stations();
    metrics.network(config.name(), "stations", stations::size);
    metrics.network(config.name(), "neighbours", stations.neighbours()::size);
    metrics.network(config.name(), "sockets", nat.descriptors()::used);
    metrics.network(config.name(), "tcp_memory_bytes", nat.tcp()::memoryBytes);
    metrics.network(config.name(), "flows_refused", nat.flows()::refused);
    metrics.network(config.name(), "flows_evicted", nat.flows()::evicted);
    DhcpServer server = dhcp;
    if (server != null) {
      metrics.network(config.name(), "pool_available", server.leases()::available);
    }
  }

  void dump(DumpNode.Builder node) {
    node.child(nat.dump());
    if (dhcp != null) {
      node.child(dhcp.dump());
    }
    if (dns != null) {
      node.child(dns.dump());
    }
  }

  void close() {
    if (dns != null) {
      dns.close();
    }
    if (dhcp != null) {
      dhcp.close();
    }
    nat.close();
  }

  /** Ends the flows of an address's former owner, which must not reach its new one. */
  private final class FlowEnder implements LeaseListener {
    @Override
    public void leaseAdded(Lease lease) {
      Long before = owners.put(lease.address(), lease.mac());
      if (before != null && before != lease.mac()) {
        nat.endGuest(lease.address());
      }
    }

    @Override
    public void leaseChanged(Lease before, Lease after) {
      leaseAdded(after);
    }

    @Override
    public void leaseRemoved(Lease lease) {
      // Its owner may well have it again.
    }
  }

  /** Counts what is bound, so that nobody has to walk the leases to know. */
  private static final class LeaseCount implements LeaseListener {
    /** Written by the loop alone. */
    private volatile int bound;

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate")
    public void leaseAdded(Lease lease) {
      bound++;
    }

    @Override
    public void leaseChanged(Lease before, Lease after) {}

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate")
    public void leaseRemoved(Lease lease) {
      bound--;
    }
  }
}
