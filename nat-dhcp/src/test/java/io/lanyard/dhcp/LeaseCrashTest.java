package io.lanyard.dhcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.dhcp.FaultyDisk.Fault;
import io.lanyard.net.Address;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.h2.mvstore.MVStoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The disk fails, fills up, and loses its power at any moment: a lease that was acknowledged is
 * there when the daemon starts again, and one that was refused is not, once another was stored.
 */
class LeaseCrashTest {
  private static final String NETWORK = "vmnet8";
  private static final int ADDRESSES = 1000;
  private static final int ROUNDS = 4;

  @TempDir private Path folder;

  /** The lease of each address that was acknowledged last. */
  private final Map<Address, Lease> acknowledged = new HashMap<>();

  /** Leases that may be on disk instead: written since, and not acknowledged. */
  private final Map<Address, Set<Lease>> uncertain = new HashMap<>();

  private Random random = new Random(0);
  private int writes;

  private Lease anyLease() {
    int n = ++writes;
    int at = random.nextInt(ADDRESSES);
    return new Lease(
        at % 2 == 0 ? Address.ofIpv4(0x0a00_0000 + at) : new Address(0xfd00_0000_0000_0000L, at),
        ClientId.ofMac(n),
        n,
        "port-" + n,
        random.nextBoolean() ? null : "guest-" + n,
        n,
        Lease.NEVER,
        Lease.State.BOUND);
  }

  private List<Lease> batch() {
    return IntStream.range(0, 1 + random.nextInt(150)).mapToObj(i -> anyLease()).toList();
  }

  private void tries(Lease lease) {
    uncertain.computeIfAbsent(lease.address(), any -> new HashSet<>()).add(lease);
  }

  private void succeeded(List<Lease> batch) {
    batch.forEach(lease -> acknowledged.put(lease.address(), lease));
    uncertain.clear();
  }

  /** The daemon has started, and goes on with what is stored. */
  private void checkAfterStart(List<Lease> stored) {
    Map<Address, Lease> found = new HashMap<>();
    stored.forEach(lease -> found.put(lease.address(), lease));
    acknowledged.forEach((address, lease) -> {
      Set<Lease> may = new HashSet<>(uncertain.getOrDefault(address, Set.of()));
      may.add(lease);
      assertThat(found.get(address)).as("lease of " + address).isIn(may);
    });
    found.forEach((address, lease) -> {
      if (!acknowledged.containsKey(address)) {
        assertThat(lease).isIn(uncertain.getOrDefault(address, Set.of()));
      }
    });
    acknowledged.clear();
    acknowledged.putAll(found);
    uncertain.clear();
  }

  /** More of them by {@code -Dleases.seeds}. */
  static IntStream seeds() {
    return IntStream.range(0, Integer.getInteger("leases.seeds", 4));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whatWasAcknowledgedOutlivesAPowerFailure(int seed) throws Exception {
    LogWatch.allowWarnings(); // of a file that lacks its end
    random = new Random(seed);
    try (FaultyDisk disk = new FaultyDisk(folder, new Random(seed))) {
      for (int round = 0; round < ROUNDS; round++) {
        LeaseFile file = LeaseFile.open(disk.file());
        checkAfterStart(all(file.takeLeases()));
        disk.failPowerAfter(random.nextInt(60));
        if (!fill(file)) {
          file.close();
        }
        disk.restart();
      }
    }
  }

  /** Commits until the power fails; false if it has not. */
  private boolean fill(LeaseFile file) {
    for (int commit = 0; commit < 30; commit++) {
      List<Lease> batch = batch();
      batch.forEach(this::tries);
      try {
        batch.forEach(lease -> file.put(NETWORK, lease));
        file.commit(LeaseClock.resume(Clock.system(), null).reference());
      } catch (MVStoreException e) {
        file.abandon(e);
        return true;
      }
      succeeded(batch);
    }
    return false;
  }

  private boolean commits(LeaseFile file) {
    try {
      file.put(NETWORK, anyLease());
      file.commit(LeaseClock.resume(Clock.system(), null).reference());
      return true;
    } catch (MVStoreException e) {
      file.abandon(e);
      return false;
    }
  }

  @Test
  void aFileIsDoubtfulAfterACommitThatFailedOtherwiseThanByAWrite() throws Exception {
    try (FaultyDisk disk = new FaultyDisk(folder, random)) {
      LeaseFile file = LeaseFile.open(disk.file());
      assertThat(fill(file)).isFalse();
      disk.failWith(Fault.NOT_SHORTENED);
      Await.until(() -> !commits(file)); // the store has freed its end
      assertThat(file.isDoubtful()).isTrue();
    }
  }

  @Test
  void aFileIsNotDoubtfulBecauseTheDiskIsFull() throws Exception {
    try (FaultyDisk disk = new FaultyDisk(folder, random)) {
      LeaseFile file = LeaseFile.open(disk.file());
      disk.failWith(Fault.FULL);
      assertThat(commits(file)).isFalse();
      assertThat(file.isDoubtful()).isFalse();
    }
  }

  private static List<Lease> all(Map<String, List<Lease>> networks) {
    return networks.getOrDefault(NETWORK, List.of());
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whatWasAcknowledgedOutlivesADiskThatFails(int seed) throws Exception {
    LogWatch.allowWarnings();
    random = new Random(seed);
    try (FaultyDisk disk = new FaultyDisk(folder, new Random(seed))) {
      for (int round = 0; round < ROUNDS; round++) {
        try (LeaseStore store = LeaseStore.open(disk.file(), Clock.system())) {
          LeaseJournal journal = store.network(NETWORK, Runnable::run);
          checkAfterStart(journal.load());
          for (int commit = 0; commit < 8; commit++) {
            disk.failWith(anyFault());
            write(journal);
          }
          if (random.nextBoolean()) {
            disk.failPowerAfter(0);
          }
        }
        disk.restart();
      }
    }
  }

  /** The page cache keeps the writes of a sync that failed for the next daemon, and no longer. */
  @ParameterizedTest
  @MethodSource("seeds")
  void whatWasAcknowledgedAfterARestartOutlivesAPowerFailureAsWell(int seed) throws Exception {
    LogWatch.allowWarnings();
    random = new Random(seed);
    try (FaultyDisk disk = new FaultyDisk(folder, new Random(seed))) {
      for (int round = 0; round < ROUNDS; round++) {
        for (Fault last : List.of(Fault.NOT_SYNCED, Fault.NONE)) {
          try (LeaseStore store = LeaseStore.open(disk.file(), Clock.system())) {
            LeaseJournal journal = store.network(NETWORK, Runnable::run);
            checkAfterStart(journal.load());
            for (int commit = 0; commit < 1 + random.nextInt(4); commit++) {
              disk.failWith(Fault.NONE);
              write(journal);
            }
            disk.failWith(last);
            write(journal);
            if (last == Fault.NONE) {
              disk.failPowerAfter(0);
            }
          }
          disk.failWith(Fault.NONE);
        }
        disk.restart();
      }
    }
  }

  private Fault anyFault() {
    return switch (random.nextInt(6)) {
      case 0 -> Fault.FULL;
      case 1 -> Fault.NOT_SYNCED;
      default -> Fault.NONE;
    };
  }

  /** Writes some leases, and waits for the disk. */
  private void write(LeaseJournal journal) throws InterruptedException {
    List<Lease> batch = batch();
    batch.forEach(this::tries);
    List<Lease> durable = new ArrayList<>();
    CountDownLatch ended = new CountDownLatch(batch.size());
    for (Lease lease : batch) {
      journal.write(
          lease,
          new LeaseJournal.Completion() {
            @Override
            public void durable() {
              durable.add(lease);
              ended.countDown();
            }

            @Override
            public void failed(Throwable cause) {
              ended.countDown();
            }
          });
    }
    assertThat(ended.await(60, TimeUnit.SECONDS)).isTrue();
    if (!durable.isEmpty()) {
      succeeded(durable);
      batch.stream().filter(lease -> !durable.contains(lease)).forEach(this::tries);
    }
  }
}
