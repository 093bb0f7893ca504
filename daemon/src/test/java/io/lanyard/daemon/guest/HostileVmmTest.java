package io.lanyard.daemon.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.base.Directories;
import io.lanyard.config.Document;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.VmmException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A plug-in that fails or hangs in any of its calls costs its own guest and nobody else. */
@Timeout(240)
final class HostileVmmTest {
  private static final List<String> CALLS =
      List.of(
          "create",
          "nics",
          "nic.name",
          "nic.connect",
          "nic.sink",
          "nic.statistics",
          "nic.disconnect",
          "start",
          "state",
          "statistics",
          "requestStop",
          "console",
          "close");

  @TempDir Path home;

  private static String configuration() {
    StringBuilder yaml =
        new StringBuilder(
            """
            version: 1
            networks: {a: {mode: nat, ipv4: {subnet: 10.9.8.0/24}}}
            guests:
              good: {vmm: echo, memory: 64M, program: /bin/true, nics: [{network: a}]}
            """);
    for (String how : List.of("throw", "hang", "null")) {
      for (String call : CALLS) {
        yaml.append(
            "  %s-%s: {vmm: hostile, memory: 64M, program: /bin/true, nics: [{network: a}], stop-timeout: 100ms, "
                    .formatted(how, call.replace('.', '-'))
                + "options: {in: %s, how: \"%s\"}}\n".formatted(call, how));
      }
    }
    return yaml.toString();
  }

  @Test
  void theOthersRunAndTheDaemonAnswersAndStops() throws Exception {
    LogWatch.expect("event=vmm-failed owner=\"guest throw-state\" call=\"say how it is\"");
    LogWatch.expect("event=vmm-silent owner=\"guest hang-state\" call=\"say how it is\"");
    LogWatch.expect("event=vmm-silent owner=\"hostile\" call=\"say what it holds\"");
    LogWatch.expect("event=vmm-");
    LogWatch.expect("event=guest-not-started");
    LogWatch.expect("event=(guest|vmm)-not-closed");
    var configuration = Document.of("test", configuration(), home);
    Directories directories = InProcessDaemon.directories(home);
    Daemon daemon =
        Daemon.open(
            Daemon.Settings.of(configuration, directories),
            new PluginExecutor.Timeouts(300, 50, 50));
    try {
      daemon.startGuests();
      GuestHandle good = Objects.requireNonNull(daemon.guest("good"));
      assertThat(good.info().state()).isEqualTo("running");
      for (String name : daemon.guestNames()) {
        GuestHandle guest = Objects.requireNonNull(daemon.guest(name));
        GuestInfo info = guest.info();
        assertThat(info.state()).as(name).matches("running|failed");
        try {
          guest.act(GuestHandle.Action.STOP);
          guest.console();
        } catch (VmmException e) {
          assertThat(e.getMessage()).contains("VMM");
        } catch (UnsupportedOperationException e) {
          assertThat(name).isEqualTo("good");
        }
      }
      String problems = daemon.status().problems().toString();
      assertThat(problems)
          .contains("guest throw-create", "guest hang-create", "guest null-create")
          .contains("guest hang-state")
          .contains("does not answer")
          .contains("built for something else")
          .doesNotContain("guest good");
      assertThat(daemon.dump().children()).isNotEmpty();
      ByteArrayOutputStream metrics = new ByteArrayOutputStream();
      daemon.metrics().write(metrics);
      assertThat(metrics.toString(StandardCharsets.UTF_8))
          .contains("lanyard_guest_running{guest=\"good\"} 1.0")
          .doesNotContain("lanyard_vmm_memory_bytes{");
      assertThat(daemon.status().loopFailures()).isZero();
      // Asked many times, and told of once.
      for (String name : List.of("throw-state", "hang-state")) {
        assertThat(LogWatch.count("owner=\"guest " + name + "\" call=\"say how it is\""))
            .as(name)
            .isEqualTo(1);
      }
    } finally {
      daemon.close();
    }
  }

  @Test
  void aCallThatHangsIsGivenUpAndTheNextOneToo() {
    LogWatch.expect("vmm-silent");
    PluginExecutor executor = new PluginExecutor("guest x", 50);
    long began = System.nanoTime();
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> executor.call("start it", HostileVmmTest::hang))
          .isInstanceOf(VmmException.class)
          .hasMessageContaining("guest x does not answer: start it takes more than 50 ms");
    }
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(30));
  }

  @Test
  void aCallThatWasLateIsNoTroubleOnceItHasReturned() throws Exception {
    LogWatch.expect("vmm-silent");
    PluginExecutor executor = new PluginExecutor("guest x", 50);
    CountDownLatch slow = new CountDownLatch(1);
    assertThatThrownBy(() ->
            executor.call(
                "say how it is",
                () -> {
                  slow.await();
                  return 1;
                }))
        .hasMessageContaining("takes more than 50 ms");
    assertThat(executor.trouble()).contains("guest x does not answer: say how it is");
    slow.countDown();
    Await.until(() -> executor.trouble().isEmpty());
    assertThat(LogWatch.count("vmm-silent")).isEqualTo(1);
  }

  @Test
  void aCallThatFailsIsTroubleUntilItSucceeds() throws Exception {
    LogWatch.expect("vmm-failed");
    PluginExecutor executor = new PluginExecutor("guest x", 10_000);
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() ->
              executor.call(
                  "say how it is",
                  () -> {
                    throw new IllegalArgumentException("on purpose");
                  }))
          .hasMessageContaining("failed to say how it is");
    }
    assertThat(executor.trouble()).contains("on purpose");
    assertThat(LogWatch.count("vmm-failed")).isEqualTo(1);
    assertThat(executor.call("say how it is", () -> 1)).isEqualTo(1);
    assertThat(executor.trouble()).isEmpty();
  }

  private static GuestState hang() throws InterruptedException {
    new java.util.concurrent.CountDownLatch(1).await();
    return GuestState.FAILED;
  }

  @Test
  void whatTheContractAllowsIsThrownAsItIs() {
    PluginExecutor executor = new PluginExecutor("guest x", 10_000);
    assertThatThrownBy(() ->
            executor.call(
                "stop it",
                () -> {
                  throw new UnsupportedOperationException("no button");
                }))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() ->
            executor.call(
                "stop it",
                () -> {
                  throw new IllegalStateException("it is stopped");
                }))
        .isInstanceOf(IllegalStateException.class);
  }
}
