package io.lanyard.daemon.network;

import io.lanyard.base.Counters;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Timers;
import io.lanyard.config.DhcpConfig;
import io.lanyard.config.Dhcpv6Mode;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.Ipv4Config;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.ReservationConfig;
import io.lanyard.daemon.metric.Metrics;
import io.lanyard.dhcp.Lease;
import io.lanyard.dhcp.LeaseJournal;
import io.lanyard.dhcp.LeaseListener;
import io.lanyard.dns.DnsForwarder;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.forward.ForwardMetrics;
import io.lanyard.nat.forward.ForwardStatus;
import io.lanyard.nat.gateway.Ipv6Addresses;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.Stations;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.policy.PortAddresses;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The services of a network's gateway: NAT where the mode has it, forwards, DHCP, DNS.
 *
 * <p>Thread: the network's loop only.
 */
final class NetworkServices {
  private final @Nullable Ipv4Config ipv4;
  private final LeaseJournal journal;
  private final HostResources shared;
  private final NatNetwork nat;
  private final LeaseListeners leaseListeners = new LeaseListeners();
  private NetworkConfig config;
  private volatile @Nullable DhcpService dhcp;
  private @Nullable DnsForwarder dns;
  private @Nullable AddressBindings bindings;

  /**
   * Makes the gateway, attaches it to the switch, and starts its services.
   *
   * @param config the network
   * @param loop its loop
   * @param ethernet its switch
   * @param timers its timers
   * @param allocator where frames come from
   * @param journal where leases are kept
   * @param guests the guests that the configuration declares, for the names of their leases
   * @param shared what all networks share of the host
   */
  NetworkServices(
      NetworkConfig config,
      EventLoop loop,
      Switch ethernet,
      Timers timers,
      ByteBufAllocator allocator,
      LeaseJournal journal,
      Map<String, GuestConfig> guests,
      HostResources shared) {
    this.config = config;
    ipv4 = GatewayConfig.of(config).ipv4();
    this.journal = journal;
    this.shared = shared;
    this.nat =
        new NatNetwork(
            loop, ethernet, timers, allocator, config, shared, nic -> reachedAt(nic.bits()));
    nat.gateway().stations().addListener(this::portGone);
    try {
      offerNames(guests.values());
      offerLeases(guests.values());
    } catch (RuntimeException e) {
      close(); // Else its port would keep the next gateway from attaching.
      throw e;
    }
  }

  /** Makes the DHCP server, if there is to be one. */
  private void offerLeases(Collection<GuestConfig> guests) {
    DhcpService made = DhcpService.open(config, guests, nat, journal, shared.prefixes());
    dhcp = made;
    if (made != null) {
      made.addListener(leaseListeners);
    }
  }

  /** Makes the DNS forwarder, if there is to be one. */
  private void offerNames(Collection<GuestConfig> guests) {
    DnsForwarder made = DnsService.open(config, guests, nat);
    dns = made;
    if (made != null) {
      leaseListeners.add(made.names(), leases());
    }
  }

  private void portGone(PortBudget port) {
    DnsForwarder asked = dns;
    if (asked != null) {
      asked.end(port);
    }
  }

  /**
   * Takes over other settings of the gateway and its services. Its forwards have methods of their
   * own.
   *
   * @param next the network, with the same mode, MTU and addresses
   * @param guests the guests that the configuration declares
   * @param metrics has the metrics of the services
   */
  void configure(NetworkConfig next, Map<String, GuestConfig> guests, Metrics metrics) {
    boolean adapterComes = next.hostAdapter() != null && config.hostAdapter() == null;
    config = next;
    nat.configure(next);
    DhcpService leases = dhcp;
    boolean leased = GatewayConfig.of(next).dhcp().enabled();
    if (leases != null && leased) {
      leases.configure(next, guests.values());
    } else if (leases != null) {
      leaseListeners.forget(leases.leases());
      leases.close();
      dhcp = null;
    } else if (leased) {
      offerLeases(guests.values());
    }
    DnsForwarder names = dns;
    boolean named = GatewayConfig.of(next).dns().enabled();
    if (names != null && named) {
      names.configure(next, guests.values());
    } else if (names != null) {
      nat.withdraw(DnsForwarder.PORT);
      leaseListeners.remove(names.names());
      names.close();
      dns = null;
    } else if (named) {
      offerNames(guests.values());
    }
    AddressBindings bound = bindings;
    if (bound != null) {
      bound.fix(fixed());
      bound.letChoose(chosen(next));
      if (adapterComes) {
        reserveHost(bound);
      }
    }
    metrics.removeServices(next.name());
    measureServices(metrics);
  }

  /**
   * Opens a forward.
   *
   * @param metrics gets the forward's metrics
   * @return why it does not listen, with the remedy; empty if it does
   */
  CompletionStage<String> addForward(ForwardConfig forward, Metrics metrics) {
    CompletionStage<ForwardStatus> opened = nat.forwards().add(forward);
    ForwardMetrics its = nat.forwards().metrics().get(forward);
    if (its != null) {
      measure(metrics, forward, its);
    }
    return opened.thenApply(status ->
        status.listening() ? "" : Objects.requireNonNullElse(status.problem(), "it is closed"));
  }

  /** Closes a forward and ends its connections. */
  void removeForward(ForwardConfig forward, Metrics metrics) {
    boolean _ = nat.forwards().remove(forward.key(), true);
    metrics.removeForward(config.name(), forward.label());
  }

  /** Leads a forward elsewhere. */
  void changeForward(ForwardConfig before, ForwardConfig after, Metrics metrics) {
    boolean _ = nat.forwards().replace(after);
    if (!before.label().equals(after.label())) {
      metrics.removeForward(config.name(), before.label());
    }
    ForwardMetrics its = nat.forwards().metrics().get(after);
    if (its != null) {
      measure(metrics, after, its);
    }
  }

  /** Has leases told to somebody, whatever server gives them. */
  void addListener(LeaseListener listener) {
    leaseListeners.add(listener, leases());
  }

  /**
   * Tells the guards whose the gateway's, the reserved and the leased addresses are.
   *
   * @param addresses the network's
   * @param adapterIsUp whether the host adapter has the host's address already
   */
  void bind(PortAddresses addresses, boolean adapterIsUp) {
    AddressBindings bound = new AddressBindings(addresses, fixed());
    bindings = bound;
    if (config.hostAdapter() != null && !adapterIsUp) {
      reserveHost(bound);
    }
    addresses.letChoose(chosen(config));
    // Of ports without a guard, too. Between the stations behind the port of a lease, such as those
    // behind a bridge that has one MAC address for all, an address moves as on a wire.
    nat.gateway()
        .stations()
        .neighbours()
        .guard((address, station) ->
            addresses.permits(address, station.mac(), station.budget().port())
                || bound.isLeasedBehind(address, station.budget().name()));
    addListener(bound);
  }

  /** Keeps the host's addresses from guests until its adapter takes them. */
  private void reserveHost(AddressBindings bound) {
    long gateway = nat.gateway().addresses().mac();
    if (ipv4 != null) {
      bound.reserve(ipv4.host(), gateway);
    }
    Ipv6Addresses ipv6 = nat.gateway().addresses().ipv6();
    if (ipv6 != null) {
      bound.reserve(ipv6.host(), gateway);
    }
  }

  /** The subnet of which guests choose addresses; null where there is none, or leases are given. */
  private @Nullable Subnet chosen(NetworkConfig of) {
    Ipv6Addresses ipv6 = nat.gateway().addresses().ipv6();
    DhcpConfig settings = GatewayConfig.of(of).dhcp();
    boolean leased = settings.enabled() && settings.ipv6() == Dhcpv6Mode.STATEFUL;
    return ipv6 == null || leased ? null : ipv6.subnet();
  }

  /** The MAC addresses that have an address without a lease. */
  private Map<Address, Long> fixed() {
    Map<Address, Long> fixed = new HashMap<>();
    for (ReservationConfig kept : GatewayConfig.of(config).dhcp().reservations()) {
      if (kept.address() != null) {
        fixed.put(kept.address(), kept.mac().bits());
      }
      if (kept.ipv6() != null) {
        fixed.put(kept.ipv6(), kept.mac().bits());
      }
    }
    long gateway = nat.gateway().addresses().mac();
    if (ipv4 != null) {
      fixed.put(ipv4.gateway(), gateway);
      if (config.hostAdapter() == null) {
        fixed.put(ipv4.host(), gateway); // nobody's, or the gateway's way to the loopback
      }
    }
    Ipv6Addresses ipv6 = nat.gateway().addresses().ipv6();
    if (ipv6 != null) {
      fixed.put(ipv6.gateway(), gateway);
      fixed.put(ipv6.linkLocal(), gateway);
      if (config.hostAdapter() == null) {
        fixed.put(ipv6.host(), gateway);
      }
    }
    return fixed;
  }

  /** The counters of the parts, by the part's name. */
  private Map<String, Counters<?>> counters() {
    Map<String, Counters<?>> all = new LinkedHashMap<>();
    all.put("gateway", nat.gateway().counters());
    all.put("stations", nat.gateway().stations().counters());
    all.put("tcp", nat.tcp().counters());
    all.put("udp", nat.udp().counters());
    all.put("icmp", nat.pingCounters());
    DhcpService leases = dhcp;
    if (leases != null) {
      all.putAll(leases.counters());
    }
    DnsForwarder names = dns;
    if (names != null) {
      all.put("dns", names.counters());
    }
    return all;
  }

  /** The address by which a forward reaches a NIC; one of IPv6 where it has no lease. */
  private @Nullable Address reachedAt(long mac) {
    Address leased = addressOf(mac);
    return leased == null ? nat.gateway().ipv6Of(mac) : leased;
  }

  /** The address that a NIC's lease gives it; null for none. */
  @Nullable Address addressOf(long mac) {
    DhcpService service = dhcp;
    return service == null ? null : service.addressOf(mac);
  }

  NatNetwork nat() {
    return nat;
  }

  /** The name server; null for none. */
  @Nullable DnsForwarder dns() {
    return dns;
  }

  List<Lease> leases() {
    DhcpService service = dhcp;
    return service == null ? List.of() : service.leases();
  }

  /** The present problems with their remedies. */
  List<String> problems() {
    DhcpService leases = dhcp;
    DnsForwarder names = dns;
    List<String> all = new ArrayList<>(leases == null ? List.of() : leases.problems());
    String unnamed = names == null ? "" : names.problem();
    if (!unnamed.isEmpty()) {
      all.add(unnamed);
    }
    all.addAll(nat.problems());
    return all;
  }

  /** The present problems of one port with their remedies. */
  List<String> problems(Port port) {
    DhcpService leases = dhcp;
    List<String> all = new ArrayList<>(nat.problems(port));
    if (leases != null) {
      all.addAll(leases.problems(port.name()));
    }
    return all;
  }

  /** When a lease ends, by the wall clock as it is set now. */
  String expires(Lease lease) {
    DhcpService service = dhcp;
    return service == null ? "never" : service.expires(lease);
  }

  /** Ends a lease; false if nobody has the address. */
  CompletionStage<Boolean> release(Address address) {
    DhcpService service = dhcp;
    return service == null ? CompletableFuture.completedFuture(false) : service.release(address);
  }

  /** How many leases are bound. Thread: any. */
  int boundLeases() {
    DhcpService service = dhcp;
    return service == null ? 0 : service.bound();
  }

  /** How many flows go through the NAT; a flow or two late. Thread: any. */
  int flowCount() {
    return nat.flows().size();
  }

  /** Registers the metrics of the services: events, and what is held of what is divided. */
  void measure(Metrics metrics) {
    measureServices(metrics);
    nat.forwards().metrics().forEach((forward, its) -> measure(metrics, forward, its));
    Stations stations = nat.gateway().stations();
    metrics.network(config.name(), "stations", stations::size);
    metrics.network(config.name(), "neighbours", stations.neighbours()::size);
    metrics.network(config.name(), "sockets", nat.descriptors()::used);
    metrics.network(config.name(), "tcp_memory_bytes", nat.tcp()::memoryBytes);
    metrics.networkEach(config.name(), "flows", () -> byProtocol(nat.flows()::size));
    metrics.networkEach(config.name(), "flows_limit", () -> byProtocol(nat.flows().quota()::total));
    metrics.network(config.name(), "flows_begun", nat.flows()::added);
    metrics.network(config.name(), "flows_idled", nat.flows()::idled);
    metrics.network(config.name(), "flows_refused", nat.flows()::refused);
    metrics.network(config.name(), "flows_evicted", nat.flows()::evicted);
  }

  private static Map<String, Integer> byProtocol(IntUnaryOperator number) {
    return Map.of(
        "tcp", number.applyAsInt(FlowKey.TCP),
        "udp", number.applyAsInt(FlowKey.UDP),
        "icmp", number.applyAsInt(FlowKey.ICMP));
  }

  private void measureServices(Metrics metrics) {
    counters().forEach((service, counted) -> metrics.service(config.name(), service, counted));
    DhcpService service = dhcp;
    if (service != null) {
      metrics.networkEach(config.name(), "pool_available", service::available);
      metrics.networkEach(config.name(), "pool_addresses", service::poolSize);
    }
  }

  private void measure(Metrics metrics, ForwardConfig forward, ForwardMetrics its) {
    String label = forward.label();
    metrics.forward(config.name(), label, "listening", () -> its.listening() ? 1 : 0);
    metrics.forward(config.name(), label, "accepted", its::accepted);
    metrics.forward(config.name(), label, "refused", its::refused);
    metrics.forward(config.name(), label, "flows", its::flows);
    metrics.forward(config.name(), label, "flows_limit", its::flowLimit);
    metrics.forward(config.name(), label, "flows_evicted", its::evicted);
    metrics.forward(config.name(), label, "clients", its::clients);
    metrics.forward(config.name(), label, "sockets", its::sockets);
  }

  void dump(DumpNode.Builder node) {
    node.child(nat.dump());
    DhcpService leases = dhcp;
    if (leases != null) {
      leases.dump(node);
    }
    DnsForwarder names = dns;
    if (names != null) {
      node.child(names.dump());
    }
  }

  void close() {
    DnsForwarder names = dns;
    if (names != null) {
      names.close();
    }
    DhcpService leases = dhcp;
    if (leases != null) {
      leases.close();
    }
    nat.close();
  }
}
