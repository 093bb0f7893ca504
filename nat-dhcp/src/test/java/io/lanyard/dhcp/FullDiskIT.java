package io.lanyard.dhcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A lease store on a disk that fills up, and has room again. Needs root, to mount a tmpfs. */
class FullDiskIT {
  @TempDir private Path folder;
  private final ExecutorService loop = Executors.newSingleThreadExecutor();

  @BeforeEach
  void mount() throws Exception {
    run("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder.toString());
  }

  @AfterEach
  void unmount() throws Exception {
    loop.shutdownNow();
    run("umount", folder.toString());
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor()).as(String.join(" ", command)).isZero();
  }

  private boolean write(LeaseStore store, int n) throws Exception {
    CompletableFuture<Boolean> result = new CompletableFuture<>();
    store
        .network("vmnet8", loop)
        .write(
            LeaseStoreTest.lease(n),
            new LeaseJournal.Completion() {
              @Override
              public void durable() {
                result.complete(true);
              }

              @Override
              public void failed(Throwable cause) {
                result.complete(false);
              }
            });
    return result.get(60, TimeUnit.SECONDS);
  }

  @Test
  void aFullDiskRefusesLeasesAndLosesNone() throws Exception {
    LogWatch.expect("event=lease-store-failed");
    Path file = folder.resolve("leases.mv");
    int n;
    try (LeaseStore store = LeaseStore.open(file, Clock.system())) {
      assertThat(write(store, 1)).isTrue();
      Path filler = folder.resolve("filler");
      fill(filler);
      n = 2;
      while (n < 500 && write(store, n)) {
        n++; // What lies free in the file may still take some.
      }
      assertThat(n).as("leases until the disk was full").isLessThan(500);
      assertThat(store.problem())
          .isEqualTo(
              "no lease is acknowledged: no space is left on the device that holds "
                  + file
                  + "; free some");
      assertThat(store.network("vmnet8", loop).problem()).isEqualTo(store.problem());
      Files.delete(filler);
      Await.until(() -> store.problem().isEmpty()); // Nobody asks for a lease meanwhile.
      assertThat(write(store, 900)).isTrue();
    }
    try (LeaseStore again = LeaseStore.open(file, Clock.system())) {
      List<Lease> leases = again.network("vmnet8", loop).load();
      for (int i = 1; i < n; i++) {
        assertThat(leases).contains(LeaseStoreTest.lease(i));
      }
      assertThat(leases).contains(LeaseStoreTest.lease(900));
    }
  }

  private static void fill(Path filler) {
    try (OutputStream out = Files.newOutputStream(filler)) {
      for (int i = 0; i < 10_000; i++) {
        out.write(new byte[64]);
        out.flush();
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("No space left");
    }
  }
}
