package io.lanyard.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.lanyard.testing.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A systemd as the first process of namespaces of its own, with its own tree of cgroups. Needs
 * root, systemd and qemu-system-riscv64; it is skipped where systemd does not start so.
 */
@Timeout(240)
final class SystemdScopeIT {
  private static final Path SYSTEMD = Path.of("/lib/systemd/systemd");

  @TempDir Path home;
  private @Nullable Process host;
  private List<String> inside = List.of();

  @BeforeEach
  void boot() throws Exception {
    assumeThat(SYSTEMD).exists();
    Files.writeString(home.resolve("idle.target"), "[Unit]\nDefaultDependencies=no\n");
    // In the place of a host's first process: what systemd wants to find is mounted.
    Files.writeString(
        home.resolve("init"),
        """
        mount --make-rprivate / &&
        (umount -R /sys/fs/cgroup || umount -l /sys/fs/cgroup) &&
        mount -t cgroup2 none /sys/fs/cgroup &&
        mount -t tmpfs none /run || exit 1
        export container=lanyard SYSTEMD_UNIT_PATH=%s
        exec %s --system --unit=idle.target --show-status=no
        """
            .formatted(home, SYSTEMD));
    String script = home.resolve("init").toString();
    Process started =
        new ProcessBuilder(
                "unshare",
                "--kill-child",
                "--fork",
                "--pid",
                "--mount",
                "--uts",
                "--ipc",
                "--net",
                "--cgroup",
                "--mount-proc",
                "sh",
                script)
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("log").toFile())
            .start();
    host = started;
    assumeThat(isUp(started)).as("systemd starts").isTrue();
  }

  private boolean isUp(Process started) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (started.isAlive() && System.nanoTime() - deadline < 0) {
      List<ProcessHandle> children = started.children().toList();
      if (!children.isEmpty()) {
        inside =
            List.of(
                "nsenter",
                "--pid",
                "--mount",
                "--uts",
                "--ipc",
                "--net",
                "--cgroup",
                "--target",
                String.valueOf(children.getFirst().pid()));
        if (run("systemctl", "is-system-running").matches("running|degraded")) {
          return true;
        }
      }
      Thread.sleep(20);
    }
    return false;
  }

  @AfterEach
  void end() throws Exception {
    if (host != null) {
      host.destroyForcibly(); // and with it systemd, and all that it has started
      assertThat(host.waitFor(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** Runs a command on the host that was booted, and answers what it says. */
  private String run(String... command) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(inside);
    line.addAll(List.of(command));
    Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return said.strip();
  }

  private String scopes() throws IOException, InterruptedException {
    return run("systemctl", "list-units", "run-*.scope", "--plain", "--no-legend", "--no-pager");
  }

  /** Whether a QEMU runs; one that is ended removes its file. */
  private boolean lives(String pidFile) throws IOException, InterruptedException {
    Path file = home.resolve(pidFile);
    return Files.exists(file) && run("kill", "-0", Files.readString(file).strip()).isEmpty();
  }

  private List<String> qemu(String pidFile) {
    return List.of(
        "qemu-system-riscv64",
        "-machine",
        "none",
        "-nodefaults",
        "-display",
        "none",
        "-S",
        "-pidfile",
        home.resolve(pidFile).toString());
  }

  @Test
  void aGuestInAScopeOutlivesTheServiceThatStartedItAndAnotherDoesNot() throws Exception {
    SystemdScope scope = SystemdScope.of(true, 0, Map.of());
    List<String> lines = new ArrayList<>();
    for (List<String> line : List.of(scope.line("web", qemu("scoped")), qemu("plain"))) {
      lines.add("\"" + String.join("\" \"", line) + "\" &");
    }
    Path daemon = home.resolve("daemon");
    Files.writeString(daemon, String.join("\n", lines) + "\nwait\n");
    Files.writeString(
        home.resolve("daemon.service"),
        "[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/sh %s\n".formatted(daemon));

    assertThat(run("systemctl", "daemon-reload")).isEmpty();
    assertThat(run("systemctl", "start", "daemon.service")).isEmpty();
    Await.until(
        "both guests run",
        () -> Files.exists(home.resolve("scoped")) && Files.exists(home.resolve("plain")));
    assertThat(lives("scoped") && lives("plain")).isTrue();
    Await.until("the scope", () -> scopes().contains("Lanyard's guest web"));

    assertThat(run("systemctl", "stop", "daemon.service")).isEmpty();
    assertThat(lives("plain")).isFalse();
    assertThat(lives("scoped")).isTrue();
    String unit = scopes().substring(0, scopes().indexOf(' '));
    assertThat(run("systemctl", "stop", unit)).isEmpty();
    Await.until("the scope is empty", () -> !lives("scoped"));
  }
}
