package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.base.Timers;
import io.lanyard.base.Timers.Timer;
import io.lanyard.dhcp.Lease.State;
import io.lanyard.nat.station.Excess;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.net.Address;
import io.lanyard.vswitch.Turn;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Brings leases from one state to the next, in memory and on disk, and ends them when they run out.
 *
 * <p>Thread: the network's loop only.
 */
final class LeaseKeeper {
  /**
   * Writes that one port's clients may have under way. At a commit each 5 ms this is 200,000 leases
   * a second; the store's queue has room for many ports' more.
   */
  private static final int MOST_WRITES = 1024;

  /** The longest wait of a timer: timers do not count the time that the host is suspended. */
  private static final long LONGEST_WAIT_MILLIS = 60_000;

  private final DhcpTerms terms;
  private final LeaseTable table;
  private final LeaseJournal journal;
  private final LeaseClock clock;
  private final Counters<DhcpCount> counters;
  private final RateLimitedLog log;
  private final Timer expiry;
  private final Runnable changed;
  private final Function<String, Turn> turns;

  /** How many writes of an address are under way. */
  private final Map<Address, Integer> underWay = new HashMap<>();

  /** How many writes for a port's clients are under way. */
  private final Map<String, Integer> writesByPort = new HashMap<>();

  /**
   * Makes one with the leases that are stored.
   *
   * @param turns finds the turn of a port, by its name
   * @param changed hears that a lease has changed
   */
  LeaseKeeper(
      DhcpTerms terms,
      LeaseTable table,
      LeaseJournal journal,
      Timers timers,
      Function<String, Turn> turns,
      Counters<DhcpCount> counters,
      RateLimitedLog log,
      Runnable changed) {
    this.turns = turns;
    this.terms = terms;
    this.table = table;
    this.journal = journal;
    this.clock = journal.clock();
    this.counters = counters;
    this.log = log;
    this.changed = changed;
    this.expiry = timers.create(this::expire);
    table.load(journal.load(), now());
    armExpiry();
  }

  void close() {
    expiry.cancel();
  }

  /** Keeps an address for a client, unless it is already its own. */
  Lease hold(ClientRequest request, Address address) {
    long now = now();
    Lease before = table.at(address);
    if (before != null && before.bound(now) && before.client().equals(request.client())) {
      return before;
    }
    Lease lease =
        new Lease(
            address,
            request.client(),
            request.mac(),
            request.port(),
            table.names().available(request.mac(), address, request.said()),
            now,
            now + DhcpTerms.OFFER_TIME.toMillis(),
            State.OFFERED);
    put(lease);
    if (table.shares().hasSurplusOffers(request.port())) {
      withdrawOffer(request.port(), address);
    }
    return lease;
  }

  /**
   * Takes back the oldest offer of a port that its client has not yet asked for, if there is one.
   */
  boolean withdrawOffer(String port) {
    return withdrawOffer(port, null);
  }

  /**
   * Takes back an offer of the port that has most addresses in favour of one that has fewer, if
   * there is one.
   */
  boolean withdrawOfferFor(String port) {
    String giving = table.shares().giving(port);
    return giving != null && withdrawOffer(giving);
  }

  private boolean withdrawOffer(String port, @Nullable Address except) {
    for (Address address : table.shares().offers(port)) {
      Lease offer = table.at(address);
      if (offer != null
          && offer.state() == State.OFFERED
          && !address.equals(except)
          && !writes(address)) {
        put(offer.in(State.RELEASED, now()));
        return true;
      }
    }
    return false;
  }

  /**
   * Keeps an address that is in use out of the pool for a while; or at least from those who ask
   * next, where the port that says so has said it too often.
   *
   * @param mac the host that uses it; 0 if that is not known
   * @param port the port that says so
   */
  void quarantine(Address address, ClientId client, long mac, String port, String by) {
    long now = now();
    Lease before = table.at(address);
    if (!table.shares().mayQuarantine(port)) {
      counters.count(DhcpCount.QUARANTINE_FULL);
      Lease nobodys = Lease.nobodys(address, now);
      put(nobodys);
      if (before != null && before.state() == State.BOUND) {
        write(nobodys, port, () -> {});
      }
      log.log(
          Level.WARNING,
          "dhcp-conflicts-ignored",
          port,
          line ->
              nobodys.describe(
                  line.with("network", terms.network())
                      .with("by-port", port)
                      .with("by", by)
                      .with("cause", "too many addresses are reported as in use")));
      return;
    }
    Lease declined =
        new Lease(
            address,
            client,
            mac,
            port,
            null,
            now,
            now + DhcpTerms.DECLINE_TIME.toMillis(),
            State.DECLINED);
    put(declined);
    write(declined, port, () -> {});
    log.log(
        Level.WARNING,
        "dhcp-address-in-use",
        port,
        line ->
            declined
                .describe(line.with("network", terms.network()).with("by", by))
                .with(
                    "advice",
                    "find the host that uses it without a lease, or keep the address out of the"
                        + " pool"));
  }

  /** Gives a bound lease another name, or none; listeners hear of it. */
  void rename(Lease lease, @Nullable String name) {
    Lease renamed = lease.named(name);
    put(renamed);
    write(renamed, lease.port(), () -> {});
  }

  /** Has a bound lease's client known by another identity, unless the lease has changed since. */
  void identify(Lease lease, ClientId client) {
    Lease last = table.at(lease.address());
    if (last != null
        && last.bound(now())
        && last.client().equals(lease.client())
        && last.mac() == lease.mac()) {
      Lease known = last.of(client);
      put(known);
      write(known, lease.port(), () -> {});
    }
  }

  /** Takes back a lease that is on disk and nowhere else: it came to nothing. */
  void withdraw(Lease lease, String port) {
    Lease held = table.at(lease.address());
    Lease released = lease.in(State.RELEASED, now());
    if (held != null && held.state() == State.OFFERED && held.isHeldAs(lease)) {
      put(released);
    }
    write(released, port, () -> {});
  }

  /** Frees an address once that is on disk too, so that memory and disk change in one order. */
  void giveBack(Lease lease) {
    giveBack(lease, new CompletableFuture<>());
  }

  /**
   * The same.
   *
   * @param done completed when the address is free, or with the reason why it cannot be stored
   */
  void giveBack(Lease lease, CompletableFuture<Boolean> done) {
    giveBack(lease, lease.port(), done);
  }

  /**
   * The same.
   *
   * @param port whose client is the cause, and is charged for it
   */
  void giveBack(Lease lease, String port, CompletableFuture<Boolean> done) {
    Lease released = lease.in(State.RELEASED, now());
    write(
        released,
        port,
        () -> {
          Lease last = table.at(released.address());
          if (last != null
              && last.state() == State.BOUND
              && last.client().equals(released.client())) {
            put(released);
          }
          done.complete(true);
        },
        done::completeExceptionally);
  }

  /** Whether a port's clients may have one more write under way; counts when not. */
  boolean mayWrite(PortBudget port) {
    if (writesByPort.getOrDefault(port.name(), 0) < MOST_WRITES) {
      return true;
    }
    port.count(Excess.LEASES);
    counters.count(DhcpCount.OVERLOADED);
    return false;
  }

  /**
   * Stores a lease; a failure is counted, and nothing else comes of it.
   *
   * @param port whose client caused the write, and is charged for what comes of it
   * @param durable run on the loop when it is on disk
   */
  void write(Lease lease, String port, Runnable durable) {
    write(lease, port, durable, cause -> {});
  }

  private void write(Lease lease, String port, Runnable durable, Consumer<Throwable> notStored) {
    underWay.merge(lease.address(), 1, Integer::sum);
    writesByPort.merge(port, 1, Integer::sum);
    journal.write(
        lease,
        new LeaseJournal.Completion() {
          @Override
          public void durable() {
            ended(lease.address(), port);
            turns.apply(port).charge(durable);
          }

          @Override
          public void failed(Throwable cause) {
            ended(lease.address(), port);
            counters.count(DhcpCount.STORE_FAILED);
            turns.apply(port).charge(() -> notStored.accept(cause));
          }
        });
  }

  private void ended(Address address, String port) {
    underWay.computeIfPresent(address, (key, n) -> n > 1 ? n - 1 : null);
    writesByPort.computeIfPresent(port, (key, n) -> n > 1 ? n - 1 : null);
  }

  /** Whether the disk is about to say something else of an address than memory does. */
  boolean writes(Address address) {
    return underWay.containsKey(address);
  }

  /** Changes a lease in memory only. */
  void put(Lease lease) {
    table.put(lease);
    armExpiry();
    changed.run();
  }

  private void expire() {
    endDue();
    armExpiry();
  }

  /** Ends what has run out. The timer may be late after the host was suspended. */
  void endDue() {
    if (table.nextExpiry() <= now()) {
      table.expire(now(), turns);
      changed.run();
    }
  }

  private void armExpiry() {
    long next = table.nextExpiry();
    if (next == Lease.NEVER) {
      expiry.cancel();
      return;
    }
    long wait = Math.clamp(next - now(), 1, LONGEST_WAIT_MILLIS);
    expiry.arm(TimeUnit.MILLISECONDS.toNanos(wait));
  }

  private long now() {
    return clock.millis();
  }
}
