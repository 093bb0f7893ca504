package io.lanyard.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.testing.Await;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A QEMU is noted as not yet the guest from before it exists until it runs, so that a daemon which
 * follows one that was killed in between ends it, and neither takes it for a paused guest nor
 * starts another beside it. Needs qemu-system-x86_64.
 */
@Timeout(240)
final class UnfinishedStartIT {
  @TempDir Path home;

  /** Opens the plug-in with a QEMU that says whether it was noted as not yet the guest. */
  private Vmm open() throws Exception {
    Path bin = Files.createDirectories(home.resolve("bin"));
    Files.writeString(
        bin.resolve("qemu-system-x86_64"),
        """
        #!/bin/sh
        [ ! -e %s/cut/maintenance ] || : >%s/noted
        [ ! -e %s/fails ] || exit 1
        if [ -e %s/blocks ]; then
          mkfifo %s/never
          exec 3<>%s/never
          : >%s/blocked
          read _ <&3
        fi
        exec /usr/bin/qemu-system-x86_64 "$@"
        """
            .replace("%s", home.toString()));
    Files.setPosixFilePermissions(
        bin.resolve("qemu-system-x86_64"), PosixFilePermissions.fromString("rwx------"));
    return new QemuVmmProvider(new QemuBinaries(List.of(bin), "x86_64"))
        .open(new VmmContext(home, home));
  }

  private static Guest create(Vmm vmm) throws VmmException {
    return vmm.create(
        new GuestSpec(
            "cut",
            "x86_64",
            32 << 20,
            1,
            new BootSource.Nothing(),
            List.of(),
            List.of(),
            Map.of("accel", "tcg")),
        event -> {});
  }

  @Test
  void aQemuIsNotedAsNotYetTheGuestUntilItRuns() throws Exception {
    try (Vmm vmm = open()) {
      Guest guest = create(vmm);
      assertThat(home.resolve("noted")).doesNotExist();
      guest.start();
      assertThat(home.resolve("noted")).exists();
      assertThat(new GuestFiles(home.resolve("cut")).maintenance()).doesNotExist();
      assertThat(guest.state()).isEqualTo(GuestState.RUNNING);
      guest.kill();
    }
  }

  @Test
  void theNextDaemonEndsAQemuWhoseStartWasNotOver() throws Exception {
    GuestFiles files = new GuestFiles(home.resolve("cut"));
    try (Vmm vmm = open()) {
      Guest guest = create(vmm);
      Path blocks = Files.createFile(home.resolve("blocks"));
      FutureTask<Object> start =
          new FutureTask<>(() -> {
            guest.start();
            return guest;
          });
      Thread.ofPlatform().daemon(true).start(start);
      Await.until("QEMU is at its start", () -> Files.exists(home.resolve("blocked")));
      List<QemuProcess> left = QemuProcess.startedFor(files);
      assertThat(left).hasSize(1);
      try (Vmm next = open()) {
        assertThat(QemuProcess.startedFor(files)).isEmpty();
        assertThat(left).allMatch(QemuProcess::isOver);
        assertThat(files.maintenance()).doesNotExist();
        assertThatThrownBy(start::get).hasCauseInstanceOf(VmmException.class);
        Files.delete(blocks);
        Guest again = create(next);
        assertThat(again.state()).isEqualTo(GuestState.CREATED);
        again.start();
        assertThat(again.state()).isEqualTo(GuestState.RUNNING);
        again.kill();
      }
    } finally {
      QemuProcess.startedFor(files).forEach(QemuProcess::terminate);
    }
  }

  @Test
  void aStartThatFailsIsOver() throws Exception {
    try (Vmm vmm = open()) {
      Guest guest = create(vmm);
      Files.createFile(home.resolve("fails"));
      assertThatThrownBy(guest::start).isInstanceOf(VmmException.class);
      assertThat(new GuestFiles(home.resolve("cut")).maintenance()).doesNotExist();
      assertThat(guest.state()).isEqualTo(GuestState.FAILED);
    }
  }
}
