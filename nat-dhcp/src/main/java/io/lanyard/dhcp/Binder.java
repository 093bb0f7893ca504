package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.dhcp.Lease.State;
import io.lanyard.net.Address;
import java.lang.System.Logger.Level;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Binds addresses to clients, within the share of their port, and on disk before anybody hears of
 * it: what an exchange of either version of DHCP ends with.
 *
 * <p>Thread: the network's loop only.
 */
final class Binder {
  /**
   * How much later the end of a lease must be for a renewal to be worth a write. Clients renew
   * after half of the lease; one that does so all the time would keep the disk busy.
   */
  private static final long WORTH_WRITING_MILLIS = 10_000;

  /**
   * Hears how an attempt ended. One whose write fails, or has to wait for another's, is not told:
   * its client asks again.
   */
  interface Outcome {
    /**
     * The lease is on disk, and the client's.
     *
     * @param seconds what is left of it, unsigned; -1 for an infinite one
     */
    void bound(Lease lease, int seconds);

    /** The client cannot have the address. */
    void refused(String why);
  }

  private final String network;
  private final LeaseTable table;
  private final LeaseKeeper keeper;
  private final LeaseClock clock;
  private final NameContest names;
  private final PoolWatch watch;
  private final Counters<DhcpCount> counters;
  private final RateLimitedLog log;

  Binder(ServerParts parts, PoolWatch watch) {
    this.network = parts.network();
    this.table = parts.table();
    this.keeper = parts.keeper();
    this.clock = parts.clock();
    this.names = new NameContest(parts);
    this.watch = watch;
    this.counters = parts.counters();
    this.log = parts.log();
  }

  /**
   * Whether the client's port may have the address; an offer of a port that has more gives way, or
   * an older one of its own.
   */
  boolean admits(ClientRequest request, Address address) {
    return table.admits(request, address, now())
        || keeper.withdrawOfferFor(request.port())
        || (keeper.withdrawOffer(request.port()) && table.admits(request, address, now()));
  }

  /**
   * Binds an address to a client, whose other address is given back.
   *
   * @param seconds how long, unsigned; -1 without end
   */
  void bind(ClientRequest request, Address address, int seconds, Outcome outcome) {
    String refusal = refusal(request, address); // Somebody may have taken it while it was probed.
    if (refusal != null) {
      outcome.refused(refusal);
      return;
    }
    if (keeper.writesForAnother(request, address)) {
      return; // The client asks again when that is decided.
    }
    long now = now();
    keeper.hold(request, address);
    Lease before = table.at(address);
    boolean renewal =
        before != null && before.bound(now) && before.client().equals(request.client());
    Lease lease =
        new Lease(
            address,
            request.client(),
            request.mac(),
            request.port(),
            table.names().available(request.mac(), address, name(request, before)),
            renewal && before != null ? before.startMillis() : now,
            seconds == -1 ? Lease.NEVER : now + (seconds & 0xffff_ffffL) * 1000,
            State.BOUND);
    if (renewal && before != null && !keeper.differs(address) && storedAlready(before, lease)) {
      counters.count(DhcpCount.UNCHANGED);
      table.heard(address, request.budget().presence());
      outcome.bound(before, (int) ((before.expiryMillis() - now) / 1000));
      names.settle(request, address);
      return;
    }
    if (!keeper.mayWrite(request.budget())) {
      return;
    }
    keeper.write(lease, request.port(), () -> written(request, lease, seconds, !renewal, outcome));
  }

  /** Why a client cannot have an address; null if it can. */
  private @Nullable String refusal(ClientRequest request, Address address) {
    if (!table.canHave(address, request, now()) || table.isBoundElsewhere(request, now())) {
      return "address not available";
    }
    if (!admits(request, address)) {
      watch.limited(request.port());
      return "too many leases";
    }
    return null;
  }

  /** Whether the disk has a lease that says the same but for a few seconds. */
  private static boolean storedAlready(Lease stored, Lease lease) {
    long later = lease.expiryMillis() - stored.expiryMillis();
    return lease.expiryMillis() != Lease.NEVER
        && later >= 0
        && later < WORTH_WRITING_MILLIS
        && stored.mac() == lease.mac()
        && stored.port().equals(lease.port())
        && Objects.equals(stored.hostname(), lease.hostname());
  }

  /** A renewal does not always repeat the name. */
  private static @Nullable String name(ClientRequest request, @Nullable Lease before) {
    String sent = request.said();
    return sent == null && before != null ? before.hostname() : sent;
  }

  private void written(
      ClientRequest request, Lease lease, int seconds, boolean fresh, Outcome outcome) {
    // During the write, the address may have been found in use, its former holder heard, the client
    // given another address by another port, or the port's share used up.
    String refusal = refusal(request, lease.address());
    if (refusal != null) {
      keeper.withdrawOffer(lease);
      outcome.refused(refusal);
      return;
    }
    Lease other = table.of(lease.client());
    if (other != null && !other.address().equals(lease.address()) && other.bound(now())) {
      keeper.giveBack(other); // One address a client: RFC 2131 section 1.6.
    }
    keeper.put(lease);
    table.heard(lease.address(), request.budget().presence());
    if (fresh) {
      log.log(
          Level.INFO,
          "lease-added",
          request.port(),
          line -> lease.describe(line.with("network", network)));
    }
    outcome.bound(table.byAddress(lease.address()).orElse(lease), seconds);
    names.settle(request, lease.address());
  }

  private long now() {
    return clock.millis();
  }
}
