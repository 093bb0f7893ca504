package io.lanyard.daemon;

import io.lanyard.base.Clock;
import io.lanyard.daemon.network.Network;
import io.lanyard.daemon.network.SubnetClashes;
import java.util.Collection;
import java.util.concurrent.TimeUnit;

/**
 * Tells each network whether the host reaches its subnet elsewhere, which changes with the LAN that
 * the host is in.
 *
 * <p>Thread: any that may wait; one at a time looks.
 */
final class ClashWatch {
  private static final long LEAST_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** A router may have a million routes: reading them takes a hundredth of a processor at most. */
  private static final long PAUSE_FACTOR = 100;

  private final Clock clock;
  private long dueNanos;

  ClashWatch(Clock clock) {
    this.clock = clock;
    this.dueNanos = clock.nanoTime();
  }

  /** Looks again, unless that was done just now. */
  synchronized void look(Collection<Network> networks) {
    long began = clock.nanoTime();
    if (began - dueNanos < 0) {
      return;
    }
    SubnetClashes host = SubnetClashes.ofHost();
    networks.forEach(network -> network.noteClashes(host));
    long now = clock.nanoTime();
    dueNanos = now + Math.max(LEAST_NANOS, (now - began) * PAUSE_FACTOR);
  }
}
