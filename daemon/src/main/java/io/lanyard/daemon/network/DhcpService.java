package io.lanyard.daemon.network;

import io.lanyard.base.Counters;
import io.lanyard.base.DumpNode;
import io.lanyard.config.DhcpConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.dhcp.DhcpServer;
import io.lanyard.dhcp.Lease;
import io.lanyard.dhcp.LeaseJournal;
import io.lanyard.dhcp.LeaseListener;
import io.lanyard.nat.NatNetwork;
import io.lanyard.net.Address;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
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
   * @param guests all guests
   * @param journal where leases are kept
   * @return the service; null if the network has none
   */
  static @Nullable DhcpService open(
      NetworkConfig config, Collection<GuestConfig> guests, NatNetwork nat, LeaseJournal journal) {
    DhcpConfig settings = config.dhcp();
    if (settings == null || !settings.enabled()) {
      return null;
    }
    DhcpServer server = new DhcpServer(config, guests, nat.gateway(), journal);
    server.locateWith(nat.gateway()::isElsewhere);
    server.probeWith(nat.gateway()::probe);
    nat.serve(DhcpServer.SERVER_PORT, server);
    return new DhcpService(nat, server);
  }

  private DhcpService(NatNetwork nat, DhcpServer server) {
    this.nat = nat;
    this.server = server;
    server.leases().addListener(new FlowEnder());
    server.leases().addListener(leaseCount);
  }

  /** Ends a lease; false if nobody has the address. */
  CompletionStage<Boolean> release(Address address) {
    return server.release(address);
  }

  /** Adds a listener, which hears at once of every lease that is bound. */
  void addListener(LeaseListener listener) {
    server.leases().addListener(listener);
  }

  /** Takes over other settings. */
  void configure(NetworkConfig config, Collection<GuestConfig> guests) {
    server.configure(config, guests);
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

  /** How many addresses the pool has. Thread: any. */
  int poolSize() {
    return server.leases().poolSize();
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
