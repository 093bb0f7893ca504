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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
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

  /**
   * Writes of one address.
   *
   * @param count how many are under way
   * @param last what the last of them stores
   */
  private record Writes(int count, Lease last) {}

  private final DhcpTerms terms;
  private final LeaseTable table;
  private final LeaseJournal journal;
  private final LeaseClock clock;
  private final Counters<DhcpCount> counters;
  private final RateLimitedLog log;
  private final Timer expiry;
  private final Runnable changed;
  private final Function<String, Turn> turns;

  /** The writes of an address that are under way. */
  private final Map<Address, Writes> underWay = new HashMap<>();

  /** Addresses of which a write has failed: the disk may say something else than memory does. */
  private final Set<Address> unsaved = new LinkedHashSet<>();

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
          && !isWriting(address)) {
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

  /** Takes back the offer of an address whose lease is refused after all, if the offer stands. */
  void withdrawOffer(Lease refused) {
    Lease offer = table.at(refused.address());
    if (offer != null && offer.state() == State.OFFERED && offer.isHeldAs(refused)) {
      put(offer.in(State.RELEASED, now()));
    }
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
          // Else it has moved meanwhile, or is another client's.
          if (last != null && last.state() == State.BOUND && last.isHeldAs(released)) {
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
   * Stores a lease. A failure is counted; what memory says is stored once the disk takes writes
   * again.
   *
   * @param port whose client caused the write, and is charged for what comes of it
   * @param durable run on the loop when it is on disk
   */
  void write(Lease lease, String port, Runnable durable) {
    write(lease, port, durable, cause -> {});
  }

  private void write(Lease lease, String port, Runnable durable, Consumer<Throwable> notStored) {
    Writes before = underWay.get(lease.address());
    underWay.put(lease.address(), new Writes(before == null ? 1 : before.count + 1, lease));
    writesByPort.merge(port, 1, Integer::sum);
    journal.write(
        lease,
        new LeaseJournal.Completion() {
          @Override
          public void durable() {
            ended(lease.address(), port);
            unsaved.remove(lease.address());
            turns
                .apply(port)
                .charge(() -> {
                  durable.run();
                  follow(lease, port);
                  saveAll();
                });
          }

          @Override
          public void failed(Throwable cause) {
            ended(lease.address(), port);
            counters.count(DhcpCount.STORE_FAILED);
            unsaved.add(lease.address());
            turns.apply(port).charge(() -> notStored.accept(cause));
          }
        });
  }

  private void ended(Address address, String port) {
    underWay.computeIfPresent(
        address,
        (key, writes) -> writes.count > 1 ? new Writes(writes.count - 1, writes.last) : null);
    writesByPort.computeIfPresent(port, (key, n) -> n > 1 ? n - 1 : null);
  }

  /**
   * Has the disk say of an address what memory says, after the last of the writes that are under
   * way: the lease that was written may have been refused, or another one has been bound meanwhile.
   */
  private void follow(Lease written, String port) {
    if (isWriting(written.address())) {
      return;
    }
    Lease held = table.at(written.address());
    if (held != null && isStored(held)) {
      // Of two leases with one name, the older one has it when they are loaded.
      if (!held.named(null).equals(written.named(null))) {
        write(held, port, () -> {});
      }
    } else if (written.active(now())) {
      write(written.in(State.RELEASED, now()), port, () -> {});
    }
  }

  /** Stores what could not be stored before: the disk takes writes again. */
  private void saveAll() {
    if (unsaved.isEmpty()) {
      return;
    }
    for (Address address : new ArrayList<>(unsaved)) {
      if (!isWriting(address)) {
        unsaved.remove(address);
        Lease held = table.at(address);
        Lease last = held == null ? Lease.nobodys(address, now()) : held;
        write(isStored(last) ? last : last.in(State.RELEASED, now()), last.port(), () -> {});
      }
    }
  }

  private static boolean isStored(Lease lease) {
    return lease.state() == State.BOUND || lease.state() == State.DECLINED;
  }

  /** Whether the disk may say something else of an address than memory does, or is about to. */
  boolean differs(Address address) {
    return isWriting(address) || unsaved.contains(address);
  }

  /** Whether a write of an address is under way. */
  boolean isWriting(Address address) {
    return underWay.containsKey(address);
  }

  /**
   * Whether a write is under way that would bind an address to another client, or by another port.
   * Only one of them may be, or the disk would say for a moment that the one which is refused has
   * what the other was acknowledged.
   */
  boolean writesForAnother(ClientRequest request, Address address) {
    Writes writes = underWay.get(address);
    return writes != null
        && !(writes.last.client().equals(request.client())
            && writes.last.mac() == request.mac()
            && writes.last.port().equals(request.port()));
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
