package io.lanyard.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is asked for a guest's scope, and how. */
final class SystemdScopeTest {
  private static final List<String> QEMU = List.of("qemu-system-x86_64", "-S");

  @TempDir Path home;

  private static String line(SystemdScope scope) {
    return String.join(" ", scope.line("web", QEMU));
  }

  @Test
  void rootAsksTheSystemsManager() {
    SystemdScope scope = SystemdScope.of(true, 0, Map.of());
    assertThat(scope.missing()).isEmpty();
    assertThat(line(scope))
        .isEqualTo(
            "systemd-run --system --scope --quiet --collect --no-ask-password"
                + " --description=Lanyard's guest web -- qemu-system-x86_64 -S");
  }

  @Test
  void anotherUserAsksHisOwnIfHeHasOne() throws Exception {
    Map<String, String> environment = Map.of("XDG_RUNTIME_DIR", home.toString());
    SystemdScope none = SystemdScope.of(true, 1000, environment);
    assertThat(line(none)).isEqualTo("qemu-system-x86_64 -S");
    assertThat(none.missing()).contains("KillMode=process");
    Files.createFile(Files.createDirectory(home.resolve("systemd")).resolve("private"));
    assertThat(line(SystemdScope.of(true, 1000, environment)))
        .startsWith("systemd-run --user --scope ")
        .endsWith(" -- qemu-system-x86_64 -S");
    assertThat(line(SystemdScope.of(true, 1000, Map.of()))).isEqualTo("qemu-system-x86_64 -S");
  }

  @Test
  void withoutSystemdAGuestRunsAsItIs() {
    SystemdScope scope = SystemdScope.of(false, 0, Map.of());
    assertThat(line(scope)).isEqualTo("qemu-system-x86_64 -S");
    assertThat(scope.missing()).contains("not the init system");
    assertThat(scope.tried()).isEqualTo(scope);
  }

  /** As a manager does that refuses, or a host where systemd-run is not there or cannot be used. */
  @Test
  void whereATrialFailsAGuestRunsAsItIsAndTheReasonIsKept() {
    SystemdScope refused =
        new SystemdScope(List.of("sh", "-c", "echo Access denied; exit 1"), "").tried();
    assertThat(line(refused)).isEqualTo("qemu-system-x86_64 -S");
    assertThat(refused.missing()).isEqualTo("Access denied");
    SystemdScope absent = new SystemdScope(List.of(home.resolve("none").toString()), "").tried();
    assertThat(line(absent)).isEqualTo("qemu-system-x86_64 -S");
    assertThat(absent.missing()).contains("cannot run systemd-run");
    SystemdScope works = new SystemdScope(List.of("env"), "");
    assertThat(new SystemdScope(List.of("sh", "-c", "exit 0"), "").tried().missing()).isEmpty();
    assertThat(works.line("web", QEMU)).startsWith("env");
  }
}
