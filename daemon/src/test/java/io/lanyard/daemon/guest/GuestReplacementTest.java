package io.lanyard.daemon.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.config.ConfigException;
import io.lanyard.config.Document;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.daemon.change.ChangeRequest;
import io.lanyard.testing.LogWatch;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A guest that a change makes anew is as it was before: on, off or failed. */
@Timeout(240)
final class GuestReplacementTest {
  @TempDir Path home;

  private Document document(String more) throws ConfigException {
    return Document.of(
        "test",
        "version: 1\nnetworks: {a: {mode: isolated}}\nguests:\n"
            + "  g: {vmm: echo, memory: 64M, program: /bin/true"
            + more
            + "}\n",
        home);
  }

  private Daemon open(String more) throws Exception {
    Daemon daemon = InProcessDaemon.open(home, document(more));
    daemon.startGuests();
    return daemon;
  }

  private static GuestHandle guest(Daemon daemon) {
    return Objects.requireNonNull(daemon.guest("g"));
  }

  private void apply(Daemon daemon, String more) throws Exception {
    Document next = document(more);
    daemon
        .conductor()
        .apply(
            new ChangeRequest(
                before -> next, "test", "a test", ChangeRequest.ANY, true, false, Duration.ZERO))
        .get(60, TimeUnit.SECONDS);
  }

  @Test
  void aGuestThatIsMadeAnewKeepsItsPlaceAmongTheOthers() throws Exception {
    String other = "}\n  h: {vmm: echo, memory: 64M, program: /bin/true";
    try (Daemon daemon = open(other)) {
      assertThat(daemon.guestNames()).containsExactly("g", "h");

      apply(daemon, ", harts: 2" + other);

      assertThat(guest(daemon).info().harts()).isEqualTo(2);
      assertThat(daemon.guestNames()).containsExactly("g", "h");
      assertThatThrownBy(() -> apply(daemon, ", options: {colour: red}" + other))
          .isInstanceOf(ExecutionException.class);
      assertThat(daemon.guestNames()).containsExactly("g", "h");
    }
  }

  @Test
  void aGuestThatWasPoweredOffStaysOff() throws Exception {
    try (Daemon daemon = open("")) {
      guest(daemon).act(GuestHandle.Action.KILL);

      apply(daemon, ", harts: 2");

      assertThat(guest(daemon).info().harts()).isEqualTo(2);
      assertThat(guest(daemon).info().state()).isEqualTo("created");
    }
  }

  @Test
  void aGuestThatWasPoweredOffStaysOffWhenItsChangeFails() throws Exception {
    try (Daemon daemon = open("")) {
      guest(daemon).act(GuestHandle.Action.KILL);

      assertThatThrownBy(() -> apply(daemon, ", options: {colour: red}"))
          .isInstanceOf(ExecutionException.class);

      assertThat(guest(daemon).info().state()).isEqualTo("created");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"fails: on purpose", "colour: red"})
  void aGuestThatHadFailedIsFailedAfterAChangeThatFails(String fault) throws Exception {
    LogWatch.expect("event=guest-not-started");
    if (fault.startsWith("fails")) {
      LogWatch.expect("event=guest-state-changed guest=\"g\"");
    }
    try (Daemon daemon = open(", options: {" + fault + "}")) {
      assertThat(guest(daemon).info().state()).isEqualTo("failed");

      assertThatThrownBy(() -> apply(daemon, ", harts: 2, options: {" + fault + "}"))
          .isInstanceOf(ExecutionException.class);

      assertThat(guest(daemon).info().state()).isEqualTo("failed");
      assertThat(guest(daemon).info().harts()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"fails: on purpose", "colour: red"})
  void aGuestThatHadFailedStartsOnceItIsMended(String fault) throws Exception {
    LogWatch.expect("event=guest-not-started");
    if (fault.startsWith("fails")) {
      LogWatch.expect("event=guest-state-changed guest=\"g\"");
    }
    try (Daemon daemon = open(", options: {" + fault + "}")) {
      apply(daemon, "");

      assertThat(guest(daemon).info().state()).isEqualTo("running");
    }
  }

  @Test
  void aGuestThatHadFailedAndDoesNotStartByItselfStaysOff() throws Exception {
    LogWatch.expect("event=guest-not-started");
    try (Daemon daemon = open(", autostart: false, options: {colour: red}")) {
      apply(daemon, ", autostart: false");

      assertThat(guest(daemon).info().state()).isEqualTo("created");
    }
  }
}
