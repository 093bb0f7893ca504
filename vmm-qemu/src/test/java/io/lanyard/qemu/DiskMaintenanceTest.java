package io.lanyard.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A QEMU at the disks of a guest that is off; a shell that waits stands for it. */
@Timeout(60)
class DiskMaintenanceTest {
  @TempDir private Path home;

  private GuestFiles files() {
    return new GuestFiles(home.resolve("g"));
  }

  private DiskMaintenance begun() throws Exception {
    String wait = "mkfifo end; read line < end";
    return DiskMaintenance.begin(
        files(), List.of("sh", "-c", wait, "sh", QemuCommand.PID_FILE, files().pid().toString()));
  }

  @Test
  void theGuestsFilesSayThatThereIsWorkUntilItEnds() throws Exception {
    DiskMaintenance maintenance = begun();
    assertThat(files().maintenance()).exists();
    assertThat(maintenance.process().isOver()).isFalse();
    maintenance.close();
    assertThat(files().maintenance()).doesNotExist();
    assertThat(maintenance.process().isOver()).isTrue();
  }

  @Test
  void whatAKilledDaemonHasLeftIsEnded() throws Exception {
    DiskMaintenance left = begun();
    Files.writeString(files().pid(), "1");
    Files.writeString(files().qmp(), "");
    DiskMaintenance.endLeft(files());
    assertThat(left.process().isOver()).isTrue();
    assertThat(List.of(files().maintenance(), files().pid(), files().qmp()))
        .noneMatch(Files::exists);
  }

  @Test
  void theFilesOfAGuestThatRunsStay() throws Exception {
    files().make();
    Files.writeString(files().pid(), "1");
    Files.writeString(files().qmp(), "");
    DiskMaintenance.endLeft(files());
    assertThat(List.of(files().pid(), files().qmp())).allMatch(Files::exists);
  }
}
