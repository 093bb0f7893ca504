package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.dhcp.Lease.State;
import io.lanyard.nat.station.Offence;
import io.lanyard.net.Address;
import java.lang.System.Logger.Level;

/**
 * Takes back the addresses that clients give up: RELEASE and DECLINE (RFC 2131 sections 4.3.3 and
 * 4.3.4).
 *
 * <p>Nobody acknowledges either, so a client that lies would not be noticed. What a client is known
 * by was in its DISCOVER, which every guest has heard. Therefore the message must come from the MAC
 * address that it names, and by the port that the lease was got by.
 *
 * <p>Thread: the network's loop only.
 */
final class Returns {
  private final String network;
  private final DhcpTerms terms;
  private final LeaseTable table;
  private final LeaseKeeper keeper;
  private final LeaseClock clock;
  private final Counters<DhcpCount> counters;
  private final RateLimitedLog log;

  Returns(ServerParts parts) {
    this.network = parts.network();
    this.terms = parts.terms();
    this.table = parts.table();
    this.keeper = parts.keeper();
    this.clock = parts.clock();
    this.counters = parts.counters();
    this.log = parts.log();
  }

  void decline(DhcpMessage request) {
    counters.count(DhcpCount.DECLINE);
    Address address = request.requested();
    Lease lease = table.at(address);
    boolean given =
        lease != null && (lease.state() == State.OFFERED || lease.state() == State.BOUND);
    if (lease == null || !given || !holds(lease, request)) {
      counters.count(DhcpCount.UNKNOWN_CLIENT);
    } else if (mayReturn(lease, request)) {
      // No MAC address: the client found somebody there, and cannot be the one.
      keeper.quarantine(address, lease.client(), 0, request.port, "decline");
    }
  }

  void release(DhcpMessage request) {
    counters.count(DhcpCount.RELEASE);
    Lease lease = table.at(request.ciaddr);
    if (lease == null || !lease.bound(clock.millis()) || !holds(lease, request)) {
      counters.count(DhcpCount.UNKNOWN_CLIENT);
    } else if (mayReturn(lease, request)) {
      keeper.giveBack(lease);
      log.log(
          Level.INFO,
          "lease-released",
          request.port,
          line -> lease.describe(line.with("network", network)));
    }
  }

  /** Whether the message is for this server, and from whom it names. */
  private boolean holds(Lease lease, DhcpMessage request) {
    boolean forUs = !request.has(DhcpOption.SERVER_ID) || request.names(terms.server());
    // A clone is known by its MAC address, whatever identifier it sends.
    boolean itsOwn =
        lease.client().equals(request.client) || lease.client().equals(ClientId.ofMac(request.mac));
    return forUs && itsOwn && lease.mac() == request.mac;
  }

  private boolean mayReturn(Lease lease, DhcpMessage request) {
    if (!request.fromItsClient() || !lease.isBehind(request.port)) {
      counters.count(DhcpCount.NOT_THE_HOLDER);
      request.budget.count(Offence.LEASES);
      log.log(
          Level.WARNING,
          "dhcp-impostor",
          request.port,
          line ->
              lease.describe(
                  line.with("network", network)
                      .with("by-port", request.port)
                      .with("type", request.type)));
      return false;
    }
    return keeper.mayWrite(request.budget);
  }
}
