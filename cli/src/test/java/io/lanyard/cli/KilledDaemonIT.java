package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.api.LeaseInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code kill -9} at any moment loses no lease that was acknowledged: clients on a QEMU stream port
 * take leases while the daemon is killed, and the next one has to know each that got its DHCPACK.
 *
 * <p>{@code -Dkills=50} for more rounds.
 */
@Timeout(600)
final class KilledDaemonIT {
  private static final int ROUNDS = Integer.getInteger("kills", 3);
  private static final int CLIENTS = 200;

  private static final String CONFIGURATION =
      """
      version: 1
      networks:
        a:
          mode: nat
          ipv4: {subnet: 10.9.0.0/16}
          ports: [{name: q, kind: qemu-stream, path: q.sock}]
      """;

  @TempDir Path home;

  /** The addresses that were acknowledged, by client. */
  private final Map<String, String> acknowledged = new HashMap<>();

  @Test
  void noAcknowledgedLeaseIsLost() throws IOException, InterruptedException {
    SplittableRandom random = new SplittableRandom(9);
    for (int round = 0; round < ROUNDS; round++) {
      try (Launched daemon = Launched.daemon(home, List.of(), CONFIGURATION)) {
        assertKept();
        CountDownLatch first = new CountDownLatch(1);
        int from = round * CLIENTS;
        Thread clients = Thread.ofPlatform().start(() -> takeLeases(from, first));
        assertThat(first.await(60, TimeUnit.SECONDS)).isTrue();
        TimeUnit.MICROSECONDS.sleep(random.nextInt(150_000));
        daemon.signal("KILL");
        daemon.exit(60);
        clients.join(TimeUnit.SECONDS.toMillis(60));
        assertThat(clients.isAlive()).isFalse();
      }
    }
    try (Launched _ = Launched.daemon(home, List.of(), CONFIGURATION)) {
      assertKept();
    }
    assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(ROUNDS);
  }

  private void assertKept() throws IOException {
    Map<String, String> known = new HashMap<>();
    for (LeaseInfo lease : Launched.client(home).networks().leases("").value()) {
      if (lease.state().equals("bound")) {
        known.put(lease.mac(), lease.address());
      }
    }
    synchronized (acknowledged) {
      assertThat(known).containsAllEntriesOf(acknowledged);
    }
  }

  private void takeLeases(int from, CountDownLatch first) {
    try (LeaseWire wire = LeaseWire.connect(home.resolve("run/q.sock"))) {
      for (int client = from; client < from + CLIENTS; client++) {
        String address = wire.takeIpv4(client);
        synchronized (acknowledged) {
          acknowledged.put(LeaseWire.macOf(client), address);
        }
        first.countDown();
      }
    } catch (IOException e) {
      // The daemon was killed, which is what this is about.
    }
  }
}
