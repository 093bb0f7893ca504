package io.lanyard.dhcp;

import io.lanyard.base.Clock;
import io.lanyard.net.Address;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A journal whose disk is as slow as the test wants: nothing is durable before {@link #sync}. */
final class MemoryJournal implements LeaseJournal {
  private record Pending(Lease lease, Completion completion) {}

  final Map<Address, Lease> disk = new LinkedHashMap<>();
  private final Deque<Pending> pending = new ArrayDeque<>();
  private final Clock host;
  private LeaseClock clock;
  boolean broken;

  /** Leases that were written. */
  int writes;

  MemoryJournal(Clock host) {
    this.host = host;
    this.clock = LeaseClock.resume(host, null);
  }

  /** The daemon ends, and another begins with what the disk has. */
  void restart(Runnable meanwhile) {
    LeaseClock.Reference reference = clock.reference();
    pending.clear();
    meanwhile.run();
    clock = LeaseClock.resume(host, reference);
  }

  @Override
  public LeaseClock clock() {
    return clock;
  }

  @Override
  public String problem() {
    return broken ? "no lease is acknowledged: the disk is full" : "";
  }

  @Override
  public List<Lease> load() {
    return new ArrayList<>(disk.values());
  }

  @Override
  public void write(Lease lease, Completion completion) {
    writes++;
    pending.add(new Pending(lease, completion));
  }

  Lease stored(Address address) {
    return java.util.Objects.requireNonNull(disk.get(address));
  }

  int waiting() {
    return pending.size();
  }

  void sync() {
    sync(Integer.MAX_VALUE);
  }

  /** The disk is done with so many writes at the most. */
  void sync(int most) {
    for (int i = 0; i < most && !pending.isEmpty(); i++) {
      Pending next = pending.remove();
      if (broken) {
        next.completion.failed(new java.io.IOException("disk full"));
      } else {
        disk.put(next.lease.address(), next.lease);
        next.completion.durable();
      }
    }
  }
}
