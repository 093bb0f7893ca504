package io.lanyard.daemon.network;

import io.lanyard.base.Counters;
import io.lanyard.base.DumpNode;
import io.lanyard.config.DhcpConfig;
import io.lanyard.config.Dhcpv6Mode;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.dhcp.Dhcp6Server;
import io.lanyard.dhcp.DhcpServer;
import io.lanyard.dhcp.Lease;
import io.lanyard.dhcp.LeaseJournal;
import io.lanyard.dhcp.LeaseListener;
import io.lanyard.dhcp.LeaseServer;
import io.lanyard.dhcp.LeaseTable;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.gateway.Ipv6Addresses;
import io.lanyard.net.Address;
import io.lanyard.net.UniqueLocal;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A network's DHCP servers as the configuration says, one for each family, and their leases.
 *
 * <p>Thread: the network's loop only.
 */
final class DhcpService {
  private final NatNetwork nat;

  /** The server of IPv4; null where the network has no IPv4. */
  private final @Nullable DhcpServer server;

  /** The server of IPv6; null where the network has no IPv6. It is asked where that is not off. */
  private final @Nullable Dhcp6Server server6;

  private boolean serves6;

  /** Whether the server of IPv6 gives addresses. Written by the loop alone. */
  private volatile boolean leases6;

  private final Map<Address, Long> owners = new HashMap<>();
  private final LeaseCount leaseCount = new LeaseCount();

  /**
   * Starts the servers on the gateway.
   *
   * @param guests all guests
   * @param journal where leases are kept
   * @param identifiers has the identity of the server of IPv6
   * @return the service; null if the network has none
   */
  static @Nullable DhcpService open(
      NetworkConfig config,
      Collection<GuestConfig> guests,
      NatNetwork nat,
      LeaseJournal journal,
      UniqueLocal identifiers) {
    DhcpConfig settings = GatewayConfig.of(config).dhcp();
    if (!settings.enabled()) {
      return null;
    }
    DhcpServer server = null;
    if (GatewayConfig.of(config).ipv4() != null) {
      server = new DhcpServer(config, guests, nat.gateway(), journal);
      server.locateWith(nat.gateway()::isElsewhere);
      server.common().probeWith(nat.gateway()::probe);
      nat.serve(DhcpServer.SERVER_PORT, server);
    }
    Ipv6Addresses ipv6 = nat.gateway().addresses().ipv6();
    Dhcp6Server server6 = null;
    if (ipv6 != null) {
      server6 =
          new Dhcp6Server(
              config,
              ipv6.subnet(),
              guests,
              nat.gateway(),
              journal,
              identifiers.identifier("dhcp server"));
      server6.locateWith(nat.gateway()::isElsewhere);
      server6.common().probeWith(nat.gateway()::probe);
      if (server != null) {
        LeaseServer.shareNames(server.common(), server6.common());
      }
    }
    DhcpService service = new DhcpService(nat, server, server6);
    service.serve6(settings.ipv6());
    return service;
  }

  private DhcpService(NatNetwork nat, @Nullable DhcpServer server, @Nullable Dhcp6Server server6) {
    this.nat = nat;
    this.server = server;
    this.server6 = server6;
    addListener(new FlowEnder());
    addListener(leaseCount);
  }

  /** Answers clients of IPv6, or no longer. */
  private void serve6(Dhcpv6Mode mode) {
    boolean serves = server6 != null && mode != Dhcpv6Mode.OFF;
    if (server6 != null && serves && !serves6) {
      nat.serve(Dhcp6Server.SERVER_PORT, server6);
    } else if (serves6 && !serves) {
      nat.withdraw(Dhcp6Server.SERVER_PORT);
    }
    serves6 = serves;
    leases6 = serves && mode == Dhcpv6Mode.STATEFUL;
  }

  /** The common part of each server. */
  private List<LeaseServer> servers() {
    List<LeaseServer> all = new ArrayList<>();
    if (server != null) {
      all.add(server.common());
    }
    if (server6 != null) {
      all.add(server6.common());
    }
    return all;
  }

  /** Ends a lease; false if nobody has the address. */
  CompletionStage<Boolean> release(Address address) {
    for (LeaseServer one : servers()) {
      if (one.table().byAddress(address).isPresent()) {
        return one.release(address);
      }
    }
    return CompletableFuture.completedFuture(false);
  }

  /** Adds a listener, which hears at once of every lease that is bound. */
  void addListener(LeaseListener listener) {
    servers().forEach(one -> one.table().addListener(listener));
  }

  /** Takes over other settings. */
  void configure(NetworkConfig config, Collection<GuestConfig> guests) {
    if (server != null) {
      server.configure(config, guests);
    }
    if (server6 != null) {
      server6.configure(config, guests);
    }
    serve6(GatewayConfig.of(config).dhcp().ipv6());
  }

  List<Lease> leases() {
    return servers().stream().flatMap(one -> one.table().leases().stream()).toList();
  }

  /** The address that a NIC's lease gives it, of IPv4 where it has both; null for none. */
  @Nullable Address addressOf(long mac) {
    return servers().stream()
        .flatMap(one -> one.table().byMac(mac).stream())
        .map(Lease::address)
        .findFirst()
        .orElse(null);
  }

  /** When a lease ends, by the wall clock as it is set now. */
  String expires(Lease lease) {
    return lease.expiryMillis() == Lease.NEVER
        ? "never"
        : servers()
            .getFirst()
            .clock()
            .wallTime(lease.expiryMillis())
            .truncatedTo(ChronoUnit.SECONDS)
            .toString();
  }

  /** How many leases are bound. Thread: any. */
  int bound() {
    return leaseCount.bound;
  }

  /** How many addresses of the pools nobody has, by family. Thread: any. */
  Map<String, Integer> available() {
    return byFamily(LeaseTable::available);
  }

  /** How many addresses the pools have, by family. Thread: any. */
  Map<String, Integer> poolSize() {
    return byFamily(LeaseTable::poolSize);
  }

  /** Of the families whose addresses are leased: DHCPv6 may tell options alone. */
  private Map<String, Integer> byFamily(ToIntFunction<LeaseTable> number) {
    Map<String, Integer> all = new LinkedHashMap<>();
    if (server != null) {
      all.put("ipv4", number.applyAsInt(server.leases()));
    }
    if (server6 != null && leases6) {
      all.put("ipv6", number.applyAsInt(server6.common().table()));
    }
    return all;
  }

  /** The counters of the servers, by the server's name. */
  Map<String, Counters<?>> counters() {
    Map<String, Counters<?>> all = new LinkedHashMap<>();
    if (server != null) {
      all.put("dhcp", server.counters());
    }
    if (server6 != null) {
      all.put("dhcp6", server6.common().counters());
    }
    return all;
  }

  /** The present problems of the servers with their remedies. */
  List<String> problems() {
    return servers().stream()
        .flatMap(one -> one.problems().stream())
        .distinct() // a full disk is a problem of both
        .toList();
  }

  /** The present problems that are about one port, with their remedies. */
  List<String> problems(String port) {
    return servers().stream()
        .map(one -> one.problem(port))
        .filter(problem -> !problem.isEmpty())
        .toList();
  }

  void dump(DumpNode.Builder node) {
    if (server != null) {
      node.child(server.dump());
    }
    if (server6 != null) {
      node.child(server6.dump());
    }
  }

  /** Ends the servers, and what they answer. */
  void close() {
    if (server != null) {
      nat.withdraw(DhcpServer.SERVER_PORT);
    }
    serve6(Dhcpv6Mode.OFF);
    servers().forEach(LeaseServer::close);
  }

  /** Ends the flows of an address's former owner, which must not reach its new one. */
  private final class FlowEnder implements LeaseListener {
    @Override
    public void leaseAdded(Lease lease) {
      Long before = owners.put(lease.address(), lease.mac());
      if (before != null && before != lease.mac()) {
        nat.endGuest(lease.address(), before);
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
