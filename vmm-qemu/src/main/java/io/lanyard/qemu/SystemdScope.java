package io.lanyard.qemu;

import io.lanyard.base.Causes;
import io.lanyard.base.Directories;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The way into a scope of systemd's (systemd.scope(5)): a cgroup of a guest's own beside that of
 * the daemon's service. When systemd stops or restarts the service it ends everything in the
 * service's cgroup, and a guest that is to go on must not be there.
 *
 * <p>{@code systemd-run --scope} asks systemd for the scope, enters it, and becomes the program: it
 * stays the same process, with the same output. Root asks the system's manager, another user his
 * own one. A system user such as the service's has none, and the system's manager refuses him; his
 * guests stay in the service's cgroup, as they do on a host without systemd.
 *
 * @param before the words before a guest's command line, the description's text excepted; empty
 *     where there are no scopes
 * @param missing why there are none, for the log; empty where there are
 */
record SystemdScope(List<String> before, String missing) {
  /** Exists while systemd is the init system (sd_booted(3)). */
  private static final Path BOOTED = Path.of("/run/systemd/system");

  private static final int TRIAL_SECONDS = 5;

  SystemdScope {
    before = List.copyOf(before);
  }

  /** The way of this host. Blocks for as long as systemd takes to make a scope. */
  static SystemdScope ofThisHost() {
    return of(Files.isDirectory(BOOTED), Directories.uid(), System.getenv()).tried();
  }

  /**
   * Decides who is asked for a scope.
   *
   * @param booted whether systemd is the init system
   * @param uid the user
   * @param environment the daemon's, which names the directory of the user's manager
   */
  static SystemdScope of(boolean booted, int uid, Map<String, String> environment) {
    if (!booted) {
      return new SystemdScope(List.of(), "systemd is not the init system");
    }
    if (uid == 0) {
      return asking("--system");
    }
    String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
    if (!runtime.isEmpty() && Files.exists(Path.of(runtime, "systemd", "private"))) {
      return asking("--user");
    }
    return new SystemdScope(
        List.of(), "this user has no systemd of his own; KillMode=process keeps guests");
  }

  private static SystemdScope asking(String manager) {
    return new SystemdScope(
        List.of("systemd-run", manager, "--scope", "--quiet", "--collect", "--no-ask-password"),
        "");
  }

  /** The same, or none if a trial fails: systemd or its policy may refuse. */
  SystemdScope tried() {
    if (before.isEmpty()) {
      return this;
    }
    List<String> trial = line("trial", List.of("true"));
    try {
      Process process =
          new ProcessBuilder(trial)
              .redirectErrorStream(true)
              .redirectInput(new File("/dev/null"))
              .start();
      if (!process.waitFor(TRIAL_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return new SystemdScope(List.of(), "systemd-run does not end");
      }
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.exitValue() == 0
          ? this
          : new SystemdScope(List.of(), said.strip().replace('\n', ' '));
    } catch (IOException e) {
      return new SystemdScope(List.of(), "cannot run systemd-run: " + Causes.of(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new SystemdScope(List.of(), "interrupted");
    }
  }

  /** A command line that runs another one in a scope, or that one itself where there are none. */
  List<String> line(String guest, List<String> command) {
    List<String> line = new ArrayList<>(before);
    if (!before.isEmpty()) {
      line.add("--description=Lanyard's guest " + guest);
      line.add("--");
    }
    line.addAll(command);
    return line;
  }
}
