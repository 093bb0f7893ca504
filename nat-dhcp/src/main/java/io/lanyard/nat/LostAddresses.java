package io.lanyard.nat;

import io.lanyard.base.Timers;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Tells of addresses that the host has lost for good, as one that moves to another network does:
 * TCP has bound its connections to them, and would retry for a quarter of an hour. An address that
 * is back within five seconds, as after a link was lost or a lease renewed, was not lost.
 *
 * <p>Thread: the network's loop only.
 */
final class LostAddresses implements AutoCloseable {
  private static final long GRACE_NANOS = 5_000_000_000L;

  private final Timers.Timer timer;
  private final Timers timers;
  private final Consumer<Predicate<Address>> listener;
  private Set<Subnet> present = Set.of();

  /** When each one was lost. */
  private final Map<Subnet, Long> missing = new HashMap<>();

  /**
   * Begins with no address.
   *
   * @param listener given a test for addresses that are lost
   */
  LostAddresses(Timers timers, Consumer<Predicate<Address>> listener) {
    this.timers = timers;
    this.listener = listener;
    timer = timers.create(this::expired);
  }

  /** Takes all addresses that the host has now; a subnet of which all are the host's is one. */
  void present(List<Subnet> own) {
    Set<Subnet> now = new HashSet<>(own);
    long nanos = timers.clock().nanoTime();
    for (Subnet had : present) {
      if (!now.contains(had)) {
        missing.putIfAbsent(had, nanos);
      }
    }
    missing.keySet().removeAll(now);
    present = now;
    arm(nanos);
  }

  private void arm(long nanos) {
    if (missing.isEmpty()) {
      timer.cancel();
    } else {
      // The clock may be below zero, so ages are compared.
      long oldest = missing.values().stream().mapToLong(since -> nanos - since).max().orElse(0);
      timer.arm(GRACE_NANOS - oldest);
    }
  }

  private void expired() {
    long nanos = timers.clock().nanoTime();
    Set<Subnet> gone = new HashSet<>();
    missing.forEach((subnet, since) -> {
      if (nanos - since >= GRACE_NANOS) {
        gone.add(subnet);
      }
    });
    missing.keySet().removeAll(gone);
    listener.accept(address -> isIn(gone, address) && !isIn(present, address));
    arm(nanos);
  }

  private static boolean isIn(Set<Subnet> subnets, Address address) {
    return subnets.stream().anyMatch(subnet -> subnet.contains(address));
  }

  @Override
  public void close() {
    timer.cancel();
  }
}
