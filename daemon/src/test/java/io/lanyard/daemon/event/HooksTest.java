package io.lanyard.daemon.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.base.Clock;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.config.HookConfig;
import io.lanyard.control.api.EventType;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.change.ChangeRequest;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Programs are run for events, few at a time and not for long. */
@Timeout(240)
final class HooksTest {
  @TempDir Path home;
  private final EventBus events = new EventBus(Clock.system(), "r");
  private final Hooks hooks = new Hooks(events, Clock.system());

  @AfterEach
  void close() {
    events.close();
    hooks.close();
  }

  private Path script(String name, String... lines) throws IOException {
    Path script = home.resolve(name);
    Files.writeString(script, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    return script;
  }

  private static HookConfig hook(String on, Path program, Duration timeout, String... arguments) {
    List<String> run = new java.util.ArrayList<>(List.of(program.toString()));
    run.addAll(List.of(arguments));
    return new HookConfig(List.of(on), run, timeout);
  }

  private String written(String file) {
    try {
      return Files.exists(home.resolve(file)) ? Files.readString(home.resolve(file)) : "";
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private void publish(EventType type) {
    Map<String, String> data = new TreeMap<>();
    type.data().forEach(member -> data.put(member, "x"));
    events.publish(type, "lab", "g", data);
  }

  @Test
  void aProgramHasTheEventOnItsInputAndItsArguments() throws Exception {
    Path script = script("hook", "read event; echo \"$1 $event\" >>" + home.resolve("out"));
    hooks.follow(List.of(hook("guest-", script, Duration.ofSeconds(20), "first")));
    publish(EventType.LEASE_ADDED);
    publish(EventType.GUEST_NOTED);

    Await.until(() -> written("out").endsWith("\n"));
    assertThat(written("out"))
        .startsWith("first {\"id\":\"r-2\",\"at\":\"")
        .contains("\"type\":\"guest-noted\",\"network\":\"lab\",\"subject\":\"g\"")
        .endsWith("\"data\":{\"note\":\"x\"}}\n");
    assertThat(hooks.problems()).isEmpty();
  }

  @Test
  void aProgramThatTakesTooLongIsKilledAndOneThatFailsIsLogged() throws Exception {
    LogWatch.expect(
        "event=hook-failed program=.*slow\" event-type=\"port-added\" cause=\"it took too long");
    LogWatch.expect(
        "event=hook-failed program=.*bad\" event-type=\"lease-added\" cause=\"exit code 3");
    Path slow = script("slow", "echo $$ >" + home.resolve("pid"), "exec sleep 1000");
    Path bad = script("bad", "exit 3");
    hooks.follow(
        List.of(
            hook("port", slow, Duration.ofSeconds(1)), hook("lease", bad, Duration.ofSeconds(20))));
    publish(EventType.PORT_ADDED);
    publish(EventType.LEASE_ADDED);

    Await.until(() -> LogWatch.count("event=hook-failed") == 2);
    String pid = written("pid").strip(); // none where it was killed before its first line
    Await.until(() -> pid.isEmpty() || ProcessHandle.of(Long.parseLong(pid)).isEmpty());
  }

  @Test
  void fourRunAtATimeAndWhatIsTooMuchIsDroppedCountedAndLoggedOnce() throws Exception {
    LogWatch.expect("event=hooks-dropped");
    Path script = script("hook", "echo $$ >>" + home.resolve("pids"), "exec sleep 1000");
    hooks.follow(List.of(hook("port", script, Duration.ofMinutes(5))));
    for (int i = 0; i < 1000; i++) {
      publish(EventType.PORT_ADDED);
    }

    Await.until(() -> hooks.dropped() == 1000 - Hooks.PROGRAMS - Hooks.WAITING);
    Await.until(() -> written("pids").lines().count() == Hooks.PROGRAMS);
    Await.until(() -> LogWatch.count("event=hooks-dropped") == 1);
    assertThat(hooks.problems())
        .singleElement()
        .asString()
        .startsWith("hooks: ")
        .contains("runs were dropped");
    hooks.close();
    for (String pid : written("pids").lines().toList()) {
      Await.until(() -> ProcessHandle.of(Long.parseLong(pid)).isEmpty());
    }
  }

  @Test
  void aProgramThatIsNotThereIsAProblem() throws Exception {
    Path plain = Files.writeString(home.resolve("plain"), "");
    hooks.follow(
        List.of(
            hook("port", home.resolve("missing"), Duration.ofSeconds(1)),
            hook("port", plain, Duration.ofSeconds(1))));

    assertThat(hooks.problems())
        .containsExactly(
            "hook " + home.resolve("missing") + ": there is no such program",
            "hook " + plain + ": the daemon's user may not execute it");
    hooks.follow(List.of());
    assertThat(hooks.problems()).isEmpty();
  }

  @Test
  void hooksChangeWhileTheDaemonRuns() throws Exception {
    Path script = script("hook", "cat >" + home.resolve("out"));
    String text = "version: 1\nnetworks: {a: {mode: isolated}}\n";
    String hooks = "hooks: [{on: [network-added], run: [" + script + "]}]\n";
    Path file = Files.writeString(home.resolve("lanyard.yaml"), text);
    try (Daemon daemon =
        Daemon.open(
            Daemon.Settings.of(
                Document.load(file),
                new io.lanyard.base.Directories(
                    home.resolve("s"), home.resolve("r"), home.resolve("i"))))) {
      // Who may change networks may not run programs for that: what the file does not say is
      // refused.
      Document said = Document.of(file.toString(), text + hooks, home);
      Edit edit = Edit.set(DocumentPath.parse("hooks"), "[]", "test", Instant.EPOCH);
      Edit set =
          Edit.set(
              DocumentPath.parse("hooks"),
              "[{on: [lease], run: [/bin/true]}]",
              "test",
              Instant.EPOCH);
      assertThatThrownBy(() -> apply(daemon, before -> said)).hasMessageContaining("hooks run");
      assertThatThrownBy(() -> apply(daemon, before -> before.with(set)))
          .hasMessageContaining("hooks run");
      Files.writeString(file, text + hooks);
      apply(daemon, daemon::reread);
      assertThatThrownBy(() -> apply(daemon, before -> before.with(edit)))
          .hasMessageContaining("hooks run");
      Files.writeString(file, text.replace("a:", "a: {mode: isolated}, b:") + hooks);
      apply(daemon, daemon::reread);
      Await.until(() -> written("out").contains("\"subject\":\"b\""));
    }
  }

  private static void apply(Daemon daemon, ChangeRequest.Change change) throws Exception {
    daemon
        .conductor()
        .apply(
            new ChangeRequest(
                change, "test", "a test", ChangeRequest.ANY, true, false, Duration.ZERO))
        .get(60, TimeUnit.SECONDS);
  }
}
