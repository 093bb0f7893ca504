package io.lanyard.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process that is not QEMU, with a monitor that says what QEMU would. */
@Timeout(240)
final class RunningQemuTest implements RunningQemu.Listener {
  private static final String READY = "{\"return\": {}, \"id\": 1}\n";
  private static final GuestSpec GUEST =
      new GuestSpec(
          "one",
          "riscv64",
          64 << 20,
          1,
          new BootSource.Disk(),
          List.of(),
          List.of(),
          Map.of("hotplug", "on"));

  @TempDir Path home;
  private GuestFiles files;
  private ScriptedMonitor monitor;
  private QemuProcess process;
  private final List<String> heard = new CopyOnWriteArrayList<>();
  private final CountDownLatch ended = new CountDownLatch(1);

  @BeforeEach
  void start() throws IOException, VmmException {
    files = new GuestFiles(home);
    monitor = new ScriptedMonitor(files.qmp());
    process = QemuProcess.start(List.of("sleep", "60"), home);
  }

  @AfterEach
  void close() throws IOException {
    process.kill();
    monitor.close();
  }

  @Override
  public void rebooted() {
    heard.add("rebooted");
  }

  @Override
  public void runStateChanged(RunningQemu from) {
    heard.add("run state changed");
  }

  @Override
  public void deviceLost(RunningQemu from, String device) {
    heard.add("lost " + device);
  }

  @Override
  public void ended(RunningQemu from) {
    heard.add("ended: " + from.endReason());
    ended.countDown();
  }

  @Test
  void anEndWithoutAWordHasNoReason() throws Exception {
    monitor.play(ScriptedMonitor.GREETING, READY);
    try (RunningQemu qemu = new RunningQemu(process, files, GUEST, this)) {
      assertThatThrownBy(qemu::runState).isInstanceOf(QmpException.class);
      assertThat(ended.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(heard).containsExactly("ended: ");
    }
  }

  @Test
  void eventsAreToldInTheirOrderAndTheEndWithItsReason() throws Exception {
    monitor.play(
        ScriptedMonitor.GREETING,
        READY,
        """
        {"event": "RESET", "data": {}}
        {"event": "STOP"}
        {"event": "NIC_RX_FILTER_CHANGED", "data": {}}
        {"event": "RESUME"}
        {"event": "SHUTDOWN", "data": {"reason": "guest-panic"}}
        {"return": {"running": false, "status": "shutdown"}, "id": 2}
        """);
    try (RunningQemu qemu = new RunningQemu(process, files, GUEST, this)) {
      assertThat(qemu.runState()).isEqualTo(new RunningQemu.RunState(false, "shutdown"));
      assertThatThrownBy(qemu::runState).isInstanceOf(QmpException.class);
      assertThat(ended.await(60, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(heard)
        .containsExactly(
            "rebooted",
            "run state changed",
            "run state changed",
            "ended: the guest's kernel panicked");
  }

  @Test
  void aDeviceBehindAPortThatTheGuestLetsGoUnaskedIsLost() throws Exception {
    Files.write(files.plugs(), List.of("ports 2", "0 nic1"));
    monitor.play(
        ScriptedMonitor.GREETING,
        READY,
        """
        {"event": "DEVICE_DELETED", "data": {"device": "disk9"}}
        {"event": "DEVICE_DELETED", "data": {"device": "nic1"}}
        {"return": {"running": true, "status": "running"}, "id": 2}
        """);
    try (RunningQemu qemu = new RunningQemu(process, files, GUEST, this)) {
      assertThat(qemu.runState().running()).isTrue();
      assertThat(heard).containsExactly("lost nic1");
    }
  }

  @Test
  void aProcessThatEndsBeforeItIsReadyFailsTheStartWithWhatItSaid() throws Exception {
    QemuProcess broken =
        QemuProcess.start(List.of("sh", "-c", "echo no such option; exit 1"), home);
    assertThatThrownBy(() -> RunningQemu.await(broken, files, GUEST, this))
        .isInstanceOf(VmmException.class)
        .hasMessageContaining("did not start")
        .hasMessageContaining("no such option");
  }

  @Test
  void aProcessIsReadyWhenItsNumberIsWritten() throws Exception {
    monitor.play(ScriptedMonitor.GREETING, READY, "{\"return\": {}, \"id\": 2}\n");
    Files.writeString(files.pid(), "1");
    try (RunningQemu qemu = RunningQemu.await(process, files, GUEST, this)) {
      process.kill();
      qemu.quit();
      assertThat(process.isOver()).isTrue();
    }
  }
}
