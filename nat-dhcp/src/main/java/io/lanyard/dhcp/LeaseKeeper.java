package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.base.Timers;
import io.lanyard.base.Timers.Timer;
import io.lanyard.dhcp.Lease.State;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;

/**
 * Brings leases from one state to the next, in memory and on disk, and ends them when they run out.
 *
 * <p>Thread: the network's loop only.
 */
final class LeaseKeeper {
  /** The longest wait of a timer: timers do not count the time that the host is suspended. */
  private static final long LONGEST_WAIT_MILLIS = 60_000;

  private final String network;
  private final DhcpSettings settings;
  private final LeaseTable table;
  private final LeaseJournal journal;
  private final LeaseClock clock;
  private final Counters<DhcpCount> counters;
  private final RateLimitedLog log;
  private final Timer expiry;
  private final Runnable changed;

  /** How many writes of an address are under way. */
  private final IntObjectMap<Integer> underWay = new IntObjectHashMap<>();

  LeaseKeeper(
      String network,
      DhcpSettings settings,
      LeaseTable table,
      LeaseJournal journal,
      Timers timers,
      Counters<DhcpCount> counters,
      RateLimitedLog log,
      Runnable changed) {
    this.network = network;
    this.settings = settings;
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
  Lease hold(DhcpMessage request, int address) {
    long now = now();
    Lease before = table.at(address);
    if (before != null && before.bound(now) && before.client().equals(request.client)) {
      return before;
    }
    Lease lease =
        new Lease(
            address,
            request.client,
            request.mac,
            table.nameFor(request.mac, address, ClientName.read(request)),
            now,
            now + settings.offerTime().toMillis(),
            State.OFFERED);
    put(lease);
    return lease;
  }

  /** Keeps an address that is in use out of the pool for a while. */
  void quarantine(int address, ClientId client, long mac, String by) {
    long now = now();
    Lease declined =
        new Lease(
            address,
            client,
            mac,
            null,
            now,
            now + settings.declineTime().toMillis(),
            State.DECLINED);
    put(declined);
    write(declined, () -> {});
    log.log(
        Level.WARNING,
        "address in use by a host that has no lease: find it, or keep the address out of the pool",
        () -> "network=" + network + " by=" + by + " " + declined);
  }

  /** Frees an address once that is on disk too, so that memory and disk change in one order. */
  void giveBack(Lease lease) {
    Lease released = lease.in(State.RELEASED, now());
    write(
        released,
        () -> {
          Lease last = table.at(released.address());
          if (last != null
              && last.state() == State.BOUND
              && last.client().equals(released.client())) {
            put(released);
          }
        });
  }

  /**
   * Stores a lease; a failure is counted, and nothing else comes of it.
   *
   * @param durable run on the loop when it is on disk
   */
  void write(Lease lease, Runnable durable) {
    underWay.merge(lease.address(), 1, Integer::sum);
    journal.write(
        lease,
        new LeaseJournal.Completion() {
          @Override
          public void durable() {
            ended(lease.address());
            durable.run();
          }

          @Override
          public void failed(Throwable cause) {
            ended(lease.address());
            counters.count(DhcpCount.STORE_FAILED);
          }
        });
  }

  private void ended(int address) {
    underWay.computeIfPresent(address, (key, n) -> n > 1 ? n - 1 : null);
  }

  /** Whether the disk is about to say something else of an address than memory does. */
  boolean writes(int address) {
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
      table.expire(now());
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
