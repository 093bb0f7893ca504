package io.lanyard.daemon;

import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import io.lanyard.daemon.network.Network;
import io.lanyard.daemon.network.SubnetClashes;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Tells each network whether the host reaches its subnet elsewhere, which changes with the LAN that
 * the host is in.
 *
 * <p>Thread: any. A thread of its own looks, one at a time.
 */
final class ClashWatch {
  private static final System.Logger LOG = System.getLogger(ClashWatch.class.getName());
  private static final long LEAST_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** A router may have a million routes: reading them takes a hundredth of a processor at most. */
  private static final long PAUSE_FACTOR = 100;

  private final Clock clock;
  private final AtomicBoolean looks = new AtomicBoolean();

  /** Written by the one that looks. */
  private volatile long dueNanos;

  ClashWatch(Clock clock) {
    this.clock = clock;
    this.dueNanos = clock.nanoTime();
  }

  /** Has the host looked at again, unless that was done just now. Does not wait for it. */
  void look(Collection<Network> networks) {
    if (clock.nanoTime() - dueNanos < 0 || !looks.compareAndSet(false, true)) {
      return;
    }
    List<Network> present = List.copyOf(networks);
    Thread.ofVirtual()
        .name("clash-watch")
        .start(() -> {
          try {
            lookNow(present);
          } catch (RuntimeException e) {
            LogEvent.of("clashes-unknown").log(LOG, Level.WARNING, e);
          } finally {
            looks.set(false);
          }
        });
  }

  private void lookNow(List<Network> networks) {
    long began = clock.nanoTime();
    try {
      SubnetClashes host =
          SubnetClashes.ofHost(
              networks.stream().flatMap(network -> network.subnets().stream()).toList());
      networks.forEach(network -> network.noteClashes(host));
    } finally {
      long now = clock.nanoTime();
      dueNanos = now + Math.max(LEAST_NANOS, (now - began) * PAUSE_FACTOR);
    }
  }
}
