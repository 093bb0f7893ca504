package io.lanyard.daemon;

import io.lanyard.base.Counters;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Timers;
import io.lanyard.config.DhcpConfig;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GuardMode;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.Ipv4Config;
import io.lanyard.config.NetworkConfig;
import io.lanyard.dhcp.Lease;
import io.lanyard.dhcp.LeaseJournal;
import io.lanyard.dns.DnsForwarder;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.forward.ForwardMetrics;
import io.lanyard.nat.station.Stations;
import io.lanyard.net.Address;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.policy.PortAddresses;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
  private final @Nullable DhcpService dhcp;
  private final @Nullable DnsForwarder dns;

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
   * @param guests the guests that the configuration declares, for the names of their leases
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
    this.nat =
        new NatNetwork(
            loop, ethernet, timers, allocator, config, shared, nic -> addressOf(nic.bits()));
    dhcp = DhcpService.open(config, guests.values(), nat, journal);
    dns = DnsService.open(config, guests.values(), nat);
    if (dhcp != null && dns != null) {
      dhcp.addListener(dns.names());
    }
  }

  /**
   * Tells the guards whose the gateway's, the reserved and the leased addresses are.
   *
   * @param addresses the network's
   * @param adapterIsUp whether the host adapter has the host's address already
   */
  void bind(PortAddresses addresses, boolean adapterIsUp) {
    Map<Address, Long> fixed = new HashMap<>();
    DhcpConfig settings = config.dhcp();
    if (settings != null) {
      settings.reservations().forEach(kept -> fixed.put(kept.address(), kept.mac().bits()));
    }
    long gateway = nat.gateway().addresses().mac();
    fixed.put(ipv4.gateway(), gateway);
    if (!hostAdapter) {
      fixed.put(ipv4.host(), gateway); // nobody's, or the gateway's way to the loopback
    } else if (!adapterIsUp) {
      addresses.bind(ipv4.host(), gateway); // no guest's, until the adapter takes it
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
      dhcp.addListener(bindings);
    }
  }

  /** The counters of the parts, by the part's name. */
  private Map<String, Counters<?>> counters() {
    Map<String, Counters<?>> all = new LinkedHashMap<>();
    all.put("gateway", nat.gateway().counters());
    all.put("stations", nat.gateway().stations().counters());
    all.put("tcp", nat.tcp().counters());
    all.put("udp", nat.udp().counters());
    all.put("icmp", nat.pingCounters());
    if (dhcp != null) {
      all.put("dhcp", dhcp.counters());
    }
    if (dns != null) {
      all.put("dns", dns.counters());
    }
    return all;
  }

  /** The address that a NIC's lease gives it; null for none. */
  @Nullable Address addressOf(long mac) {
    DhcpService service = dhcp;
    return service == null ? null : service.addressOf(mac);
  }

  NatNetwork nat() {
    return nat;
  }

  List<Lease> leases() {
    DhcpService service = dhcp;
    return service == null ? List.of() : service.leases();
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
    DhcpService service = dhcp;
    return service == null ? "never" : service.expires(lease);
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
    counters().forEach((service, counted) -> metrics.service(config.name(), service, counted));
    nat.forwards().metrics().forEach((forward, its) -> measure(metrics, forward, its));
    Stations stations = nat.gateway().stations();
    metrics.network(config.name(), "stations", stations::size);
    metrics.network(config.name(), "neighbours", stations.neighbours()::size);
    metrics.network(config.name(), "sockets", nat.descriptors()::used);
    metrics.network(config.name(), "tcp_memory_bytes", nat.tcp()::memoryBytes);
    metrics.network(config.name(), "flows_refused", nat.flows()::refused);
    metrics.network(config.name(), "flows_evicted", nat.flows()::evicted);
    DhcpService service = dhcp;
    if (service != null) {
      metrics.network(config.name(), "pool_available", service::available);
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
}
