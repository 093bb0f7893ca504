package io.lanyard.daemon;

import io.lanyard.base.Counters;
import io.lanyard.base.DumpNode;
import io.lanyard.config.DhcpConfig;
import io.lanyard.config.DnsConfig;
import io.lanyard.config.Ipv4Config;
import io.lanyard.config.NetworkConfig;
import io.lanyard.dhcp.DhcpServer;
import io.lanyard.dhcp.DhcpSettings;
import io.lanyard.dhcp.Lease;
import io.lanyard.dhcp.LeaseJournal;
import io.lanyard.dhcp.LeaseListener;
import io.lanyard.nat.NatNetwork;
import io.lanyard.net.Address;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A network's DHCP server as the configuration says, and its leases.
 *
 * <p>Thread: the network's loop only.
 */
final class DhcpService {
  private final NatNetwork nat;
  private final DhcpServer server;
  private final Map<Address, Long> owners = new HashMap<>();
  private final LeaseCount leaseCount = new LeaseCount();

  /**
   * Starts the server on the gateway.
   *
   * @param guestMacs the NICs of the guests that the configuration declares, by the guests' names
   * @param journal where leases are kept
   * @return the service; null if the network has none
   */
  static @Nullable DhcpService open(
      NetworkConfig config,
      Ipv4Config ipv4,
      Map<String, Long> guestMacs,
      NatNetwork nat,
      LeaseJournal journal) {
    DhcpConfig settings = config.dhcp();
    if (settings == null || !settings.enabled()) {
      return null;
    }
    DhcpServer server =
        new DhcpServer(
            config.name(), settings(config, settings, ipv4, guestMacs), nat.gateway(), journal);
    server.locateWith(nat.gateway()::isElsewhere);
    long probe = settings.conflictProbe().toNanos();
    if (probe > 0) {
      server.probeWith((address, listener) -> nat.gateway().probe(address, probe, listener));
    }
    nat.serve(DhcpServer.SERVER_PORT, server);
    return new DhcpService(nat, server);
  }

  private DhcpService(NatNetwork nat, DhcpServer server) {
    this.nat = nat;
    this.server = server;
    server.leases().addListener(new FlowEnder());
    server.leases().addListener(leaseCount);
  }

  private static DhcpSettings settings(
      NetworkConfig config, DhcpConfig settings, Ipv4Config ipv4, Map<String, Long> guestMacs) {
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
        .reservations(settings.reservations())
        .names(names)
        .excluded(fixedHosts)
        .leasesPerPort(settings.leasesPerPort())
        .authoritative(settings.authoritative())
        .build();
  }

  /** Adds a listener, which hears at once of every lease that is bound. */
  void addListener(LeaseListener listener) {
    server.leases().addListener(listener);
  }

  List<Lease> leases() {
    return server.leases().leases();
  }

  /** The address that a NIC's lease gives it; null for none. */
  @Nullable Address addressOf(long mac) {
    return server.leases().byMac(mac).stream().map(Lease::address).findFirst().orElse(null);
  }

  /** When a lease ends, by the wall clock as it is set now. */
  String expires(Lease lease) {
    return lease.expiryMillis() == Lease.NEVER
        ? "never"
        : server.clock().wallTime(lease.expiryMillis()).truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** How many leases are bound. Thread: any. */
  int bound() {
    return leaseCount.bound;
  }

  /** How many addresses of the pool nobody has. Thread: any. */
  int available() {
    return server.leases().available();
  }

  Counters<?> counters() {
    return server.counters();
  }

  String problem() {
    return server.problem();
  }

  DumpNode dump() {
    return server.dump();
  }

  void close() {
    server.close();
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
