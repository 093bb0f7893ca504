package io.lanyard.dhcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.base.Clock;
import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeaseStoreTest {
  @TempDir private Path folder;
  private final ExecutorService loop = Executors.newSingleThreadExecutor();

  @AfterEach
  void stop() {
    loop.shutdownNow();
  }

  private Path file() {
    return folder.resolve("leases.mv");
  }

  static Lease lease(int n) {
    return new Lease(
        Address.ofIpv4(0x0a000000 + n),
        ClientId.ofMac(n),
        n,
        "port-" + n,
        "guest-" + n,
        n,
        1_000_000L + n,
        Lease.State.BOUND);
  }

  private void writeAndWait(LeaseStore store, String network, Lease... leases) throws Exception {
    CountDownLatch done = new CountDownLatch(leases.length);
    LeaseJournal journal = store.network(network, loop);
    for (Lease lease : leases) {
      journal.write(lease, whenDurable(done::countDown));
    }
    assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
  }

  private static LeaseJournal.Completion whenDurable(Runnable task) {
    return new LeaseJournal.Completion() {
      @Override
      public void durable() {
        task.run();
      }

      @Override
      public void failed(Throwable cause) {
        throw new AssertionError(cause);
      }
    };
  }

  @Test
  void whatWasWrittenIsThereAfterReopening() throws Exception {
    Lease nameless = lease(3).named(null).in(Lease.State.RELEASED, Lease.NEVER);
    try (LeaseStore store = LeaseStore.open(file(), Clock.system())) {
      writeAndWait(store, "vmnet8", lease(1), lease(2), nameless);
      writeAndWait(store, "vmnet1", lease(1));
    }
    try (LeaseStore store = LeaseStore.open(file(), Clock.system())) {
      assertThat(store.network("vmnet8", loop).load())
          .containsExactlyInAnyOrder(lease(1), lease(2), nameless);
      assertThat(store.network("vmnet1", loop).load()).containsExactly(lease(1));
      assertThat(store.network("vmnet2", loop).load()).isEmpty();
    }
  }

  @Test
  void aNetworkThatBeginsAgainFindsWhatWasWrittenMeanwhile() throws Exception {
    try (LeaseStore store = LeaseStore.open(file(), Clock.system())) {
      writeAndWait(store, "vmnet8", lease(1));
    }
    try (LeaseStore store = LeaseStore.open(file(), Clock.system())) {
      assertThat(store.network("vmnet8", loop).load()).containsExactly(lease(1));
      Lease released = lease(1).in(Lease.State.RELEASED, Lease.NEVER);
      writeAndWait(store, "vmnet8", lease(2), released);
      assertThat(store.network("vmnet8", loop).load())
          .containsExactlyInAnyOrder(released, lease(2));
    }
  }

  @Test
  void theLastLeaseOfAnAddressCounts() throws Exception {
    Lease later =
        new Lease(lease(1).address(), ClientId.ofMac(9), 9, "", null, 5, 6, Lease.State.BOUND);
    try (LeaseStore store = LeaseStore.open(file(), Clock.system())) {
      writeAndWait(store, "vmnet8", lease(1), later);
    }
    try (LeaseStore store = LeaseStore.open(file(), Clock.system())) {
      assertThat(store.network("vmnet8", loop).load()).containsExactly(later);
    }
  }

  @Test
  void writesThatGatherShareACommit() throws Exception {
    Lease[] many = new Lease[2_000];
    for (int i = 0; i < many.length; i++) {
      many[i] = lease(i);
    }
    try (LeaseStore store = LeaseStore.open(file(), Clock.system())) {
      writeAndWait(store, "vmnet8", many);
      assertThat(store.writes()).isEqualTo(many.length);
      assertThat(store.commits()).isLessThan(many.length / 4);
    }
  }

  @Test
  void writesThatComeOneByOneDoNotCauseACommitEach() throws Exception {
    try (LeaseStore store = LeaseStore.open(file(), Clock.system())) {
      CountDownLatch done = new CountDownLatch(1_000);
      LeaseJournal journal = store.network("vmnet8", loop);
      long start = System.nanoTime();
      for (int i = 0; i < 1_000; i++) {
        journal.write(lease(i), whenDurable(done::countDown));
        LockSupport.parkNanos(100_000);
      }
      assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
      long millis = (System.nanoTime() - start) / 1_000_000;
      assertThat(store.commits()).isBetween(2L, 3 + millis / 5);
    }
  }

  @Test
  void theLeaseClockGoesOnWhereItStood() throws Exception {
    SteppedLink host = new SteppedLink();
    long before;
    try (LeaseStore store = LeaseStore.open(file(), host)) {
      writeAndWait(store, "vmnet8", lease(1));
      host.step(Duration.ofSeconds(10));
      before = store.network("vmnet8", loop).clock().millis();
    }
    host.step(Duration.ofSeconds(5));
    host.setClock(Duration.ofHours(1));
    try (LeaseStore store = LeaseStore.open(file(), host)) {
      assertThat(store.network("vmnet8", loop).clock().millis()).isEqualTo(before + 5_000);
    }
    host.setClock(Duration.ofHours(1)); // after the last commit of this boot: cannot be known
    host.reboot(Duration.ofSeconds(7));
    try (LeaseStore store = LeaseStore.open(file(), host)) {
      assertThat(store.network("vmnet8", loop).clock().millis())
          .isEqualTo(before + 5_000 + 3_600_000 + 7_000);
    }
  }

  @Test
  void theHostsUptimeIsThatOfItsBoot() throws Exception {
    String uptime = Files.readString(Path.of("/proc/uptime"));
    double seconds = Double.parseDouble(uptime.substring(0, uptime.indexOf(' ')));
    assertThat(Clock.system().uptimeNanos() / 1e9).isBetween(seconds, seconds + 60);
    assertThat(Clock.system().bootId()).hasSize(36).isEqualTo(Clock.system().bootId());
  }

  @Test
  void completionsKeepTheOrderOfTheWrites() throws Exception {
    AtomicInteger next = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(500);
    try (LeaseStore store = LeaseStore.open(file(), Clock.system())) {
      LeaseJournal journal = store.network("vmnet8", loop);
      for (int i = 0; i < 500; i++) {
        int n = i;
        journal.write(
            lease(i),
            whenDurable(() -> {
              if (next.compareAndSet(n, n + 1)) {
                done.countDown();
              }
            }));
      }
      assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aDamagedFileIsNamedWithItsRemedyAndNotTouched() throws Exception {
    byte[] rubbish =
        "this is no lease store, and longer than a header"
            .repeat(400)
            .getBytes(StandardCharsets.US_ASCII);
    Files.write(file(), rubbish);
    assertThatThrownBy(() -> LeaseStore.open(file(), Clock.system()))
        .isInstanceOf(LeaseStoreException.class)
        .hasMessageContaining(file().toString())
        .hasMessageContaining("move it aside");
    assertThat(Files.readAllBytes(file())).isEqualTo(rubbish);
  }

  @Test
  void aDamagedTailDoesNotPassForAGoodStore() throws Exception {
    try (LeaseStore store = LeaseStore.open(file(), Clock.system())) {
      for (int i = 0; i < 50; i++) {
        writeAndWait(store, "vmnet8", lease(i));
      }
    }
    byte[] bytes = Files.readAllBytes(file());
    java.util.Arrays.fill(bytes, 0, 8192, (byte) 0x5a); // both copies of the header
    Files.write(file(), bytes);
    assertThatThrownBy(() -> LeaseStore.open(file(), Clock.system()))
        .isInstanceOf(LeaseStoreException.class);
  }

  @Test
  void aDamagedFileIsSetAsideAndANewOneBegun() throws Exception {
    Files.write(file(), "rubbish ".repeat(4000).getBytes(StandardCharsets.US_ASCII));
    LogWatch.expect("event=lease-store-damaged .*damaged-1.* kept=\"nothing\".*");
    try (LeaseStore store = LeaseStore.openOrSetAside(file(), Clock.system())) {
      writeAndWait(store, "vmnet8", lease(1));
    }
    assertThat(file().resolveSibling(file().getFileName() + ".damaged-1"))
        .content()
        .startsWith("rubbish");
  }

  /** A crash, or a disk that was full, can end a file anywhere. */
  @Test
  void aFileThatEndsAnywhereIsNoReasonNotToStart() throws Exception {
    try (LeaseStore store = LeaseStore.open(file(), Clock.system())) {
      writeAndWait(store, "vmnet8", lease(1));
    }
    byte[] whole = Files.readAllBytes(file());
    LogWatch.expect("event=lease-store-damaged .*");
    for (int length = 0; length < whole.length; length += 1024) {
      for (int end : new int[] {length, length + 1}) {
        Files.write(file(), Arrays.copyOf(whole, end));
        LeaseStore.openOrSetAside(file(), Clock.system()).close();
      }
    }
  }

  @Test
  void whatIsNoDamagedFileStaysWhereItIs() throws Exception {
    Files.createDirectory(file());
    assertThatThrownBy(() -> LeaseStore.openOrSetAside(file(), Clock.system()))
        .isInstanceOf(LeaseStoreException.class)
        .hasMessageContaining("cannot be read");
    assertThat(file()).isDirectory();
  }

  @Test
  void aFileWithoutItsEndSaysThatSomethingIsLost() throws Exception {
    try (LeaseStore store = LeaseStore.open(file(), Clock.system())) {
      for (int i = 0; i < 50; i++) {
        writeAndWait(store, "vmnet8", lease(i));
      }
    }
    try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() - 100);
    }
    LogWatch.expect("event=lease-store-damaged .* kept=\"all but the last writes\".*");
    LeaseStore.openOrSetAside(file(), Clock.system()).close();
  }

  @Test
  void aStoreInUseSaysSo() {
    try (LeaseStore store = LeaseStore.open(file(), Clock.system())) {
      assertThat(store.commits()).isZero();
      assertThatThrownBy(() -> LeaseStore.open(file(), Clock.system()))
          .isInstanceOf(LeaseStoreException.class)
          .hasMessageContaining("in use by another process");
    }
  }

  @Test
  void aClosedStoreRefusesWrites() throws Exception {
    LeaseStore store = LeaseStore.open(file(), Clock.system());
    LeaseJournal journal = store.network("vmnet8", loop);
    store.close();
    CountDownLatch refused = new CountDownLatch(1);
    journal.write(
        lease(1),
        new LeaseJournal.Completion() {
          @Override
          public void durable() {
            throw new AssertionError("durable");
          }

          @Override
          public void failed(Throwable cause) {
            refused.countDown();
          }
        });
    assertThat(refused.await(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void theFileDoesNotGrowWithEveryRenewal() throws Exception {
    try (LeaseStore store = LeaseStore.open(file(), Clock.system())) {
      for (int i = 0; i < 1_000; i++) {
        writeAndWait(store, "vmnet8", lease(i % 10));
      }
    }
    assertThat(Files.size(file())).isLessThan(16 << 20);
  }

  /** The child of the test below: writes leases until it is killed, and says which are safe. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] args) throws Exception {
      ExecutorService loop = Executors.newSingleThreadExecutor();
      LeaseStore store = LeaseStore.open(Path.of(args[0]), Clock.system());
      LeaseJournal journal = store.network("vmnet8", loop);
      java.util.concurrent.Semaphore window = new java.util.concurrent.Semaphore(64);
      for (int i = 0; ; i++) {
        int n = i;
        window.acquire();
        journal.write(
            new Lease(
                Address.ofIpv4(0x0a000000 + n % 500),
                ClientId.ofMac(n),
                n,
                "",
                null,
                n,
                Lease.NEVER,
                Lease.State.BOUND),
            whenDurable(() -> {
              window.release();
              System.out.println(n);
              System.out.flush();
            }));
      }
    }
  }

  @Test
  void nothingAcknowledgedIsLostWhenTheProcessIsKilled() throws Exception {
    Map<Integer, Integer> acknowledged = new HashMap<>();
    for (int round = 0; round < 4; round++) {
      Process child =
          new ProcessBuilder(
                  ProcessHandle.current().info().command().orElseThrow(),
                  "-XX:TieredStopAtLevel=1",
                  "-Xmx128m",
                  "--enable-native-access=ALL-UNNAMED",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Writer.class.getName(),
                  file().toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      try (BufferedReader out =
          new BufferedReader(
              new InputStreamReader(child.getInputStream(), StandardCharsets.US_ASCII))) {
        String line;
        int lines = 0;
        while ((line = out.readLine()) != null) {
          int n = Integer.parseInt(line);
          acknowledged.merge(0x0a000000 + n % 500, n, Math::max);
          if (++lines == 300 + 777 * round) {
            child.toHandle().destroyForcibly(); // SIGKILL; what it has said can still be read
          }
        }
        assertThat(lines).isGreaterThanOrEqualTo(300);
      }
      child.waitFor();
      try (LeaseStore store = LeaseStore.open(file(), Clock.system())) {
        Map<Integer, Long> stored = new HashMap<>();
        List<Lease> leases = store.network("vmnet8", loop).load();
        leases.forEach(lease -> stored.put(lease.address().ipv4(), lease.mac()));
        acknowledged.forEach((address, n) ->
            assertThat(stored.getOrDefault(address, -1L))
                .as("lease of %x", address)
                .isGreaterThanOrEqualTo((long) n));
      }
      acknowledged.clear();
      Files.delete(file());
    }
  }
}
