package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.net.Address;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The leases of one family on one network, as their server has them: the part of a server that does
 * not depend on the version of DHCP.
 *
 * <p>Thread: the network's loop only.
 */
public final class LeaseServer {
  private final ServerParts parts;
  private final LeaseJournal journal;
  private final PoolWatch watch;

  /**
   * Starts with the leases that are stored.
   *
   * @param terms what is leased, and to whom
   * @param link the network
   * @param journal where the leases are kept
   * @param to where to log
   */
  LeaseServer(DhcpTerms terms, GuestLink link, LeaseJournal journal, System.Logger to) {
    this.journal = journal;
    Counters<DhcpCount> counters = new Counters<>(DhcpCount.class);
    RateLimitedLog log = new RateLimitedLog(to, link.timers().clock());
    LeaseTable table = new LeaseTable(terms);
    watch = new PoolWatch(terms, table, link.timers().clock(), counters, log);
    LeaseKeeper keeper =
        new LeaseKeeper(
            terms, table, journal, link.timers(), link::turn, counters, log, watch::changed);
    ConflictCheck check = new ConflictCheck(terms, table, counters);
    parts = new ServerParts(terms, table, keeper, journal.clock(), check, counters, log);
  }

  ServerParts parts() {
    return parts;
  }

  PoolWatch watch() {
    return watch;
  }

  /** Goes by what the terms say now. Leases stay, and have the names that are theirs now. */
  void configure() {
    LeaseTable table = parts.table();
    table.configure();
    // First what others are to have.
    for (Lease lease : table.leases()) {
      if (lease.hostname() != null && table.names().renewed(lease) == null) {
        parts.keeper().rename(lease, null);
      }
    }
    for (Lease lease : table.leases()) {
      String name = table.names().renewed(lease);
      if (!Objects.equals(name, lease.hostname())) {
        parts.keeper().rename(lease, name);
      }
    }
    watch.changed();
  }

  /**
   * Ends a lease, as an operator wishes. DHCP has no message that tells the client (but for RFC
   * 3203, which nobody speaks): it uses the address until it asks to renew the lease, and has the
   * address again then if nobody else has got it meanwhile.
   *
   * @param address the address
   * @return completed on the loop once that is on disk: true; or false if nobody has the address;
   *     or with the reason why it cannot be stored
   */
  public CompletionStage<Boolean> release(Address address) {
    parts.keeper().endDue();
    Lease lease = parts.table().at(address);
    if (lease == null || !lease.bound(parts.now())) {
      return CompletableFuture.completedFuture(false);
    }
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    parts.keeper().giveBack(lease, done);
    parts.log().log(
        Level.INFO,
        "lease-released",
        line -> lease.describe(line.with("network", parts.network()).with("by", "operator")));
    return done;
  }

  /**
   * Has a name belong to one machine in both families. A name that a machine has in one is not
   * given to another in the other; where it goes to another in IPv4, by {@code NameContest}, IPv6
   * follows.
   *
   * @param four the leases of IPv4
   * @param six those of IPv6, of the same network
   */
  public static void shareNames(LeaseServer four, LeaseServer six) {
    Namesakes.join(four.parts, six.parts);
  }

  /**
   * Has the holders of addresses looked for on the network, for as long as the configuration says.
   *
   * @param conflictProbe how
   */
  public void probeWith(ConflictProbe conflictProbe) {
    parts.check().probeWith(conflictProbe);
  }

  /**
   * The server's leases.
   *
   * @return the table
   */
  public LeaseTable table() {
    return parts.table();
  }

  /**
   * The clock of the leases' times.
   *
   * @return the clock
   */
  public LeaseClock clock() {
    return parts.clock();
  }

  /**
   * The server's counters.
   *
   * @return the counters
   */
  public Counters<DhcpCount> counters() {
    return parts.counters();
  }

  /**
   * The reasons why clients get no lease at present, and what to do about them.
   *
   * @return a sentence for each; empty if all is well
   */
  public List<String> problems() {
    String storage = journal.problem();
    return storage.isEmpty() ? watch.problems() : List.of(storage);
  }

  /**
   * The problem that is about one port: it has its share of the pool and wants more, or has more
   * than its share of a pool that is exhausted.
   *
   * @param port the port's name
   * @return a sentence with what to do about it; empty if all is well
   */
  public String problem(String port) {
    return watch.problem(port);
  }

  /** Stops the leases' timer. Stored leases stay. */
  public void close() {
    parts.keeper().close();
  }
}
