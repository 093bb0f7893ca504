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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A guest that is to end is asked by its power button first. */
@Timeout(60)
final class GuestStopTest {
  @TempDir Path home;

  private static String guest(String name, String more) {
    return "  " + name + ": {vmm: echo, memory: 64M, program: /bin/true" + more + "}\n";
  }

  private static String button(String how, String timeout) {
    return ", stop-timeout: " + timeout + ", options: {button: " + how + "}";
  }

  private Document document(String... guests) throws ConfigException {
    return Document.of(
        "test",
        "version: 1\nnetworks: {a: {mode: isolated}}\nguests:\n" + String.join("", guests),
        home);
  }

  private Daemon open(String... guests) throws Exception {
    Daemon daemon = InProcessDaemon.open(home, document(guests));
    daemon.startGuests();
    return daemon;
  }

  private static String state(Daemon daemon, String guest) {
    return Objects.requireNonNull(daemon.guest(guest)).info().state();
  }

  private static long ended(String guest, String cause) {
    return LogWatch.count(
        "event=guest-stop-awaited guest=\"" + guest + "\" cause=\"" + cause + "\"");
  }

  private static void apply(Daemon daemon, Document next) throws Exception {
    daemon
        .conductor()
        .apply(
            new ChangeRequest(
                before -> next, "test", "a test", ChangeRequest.ANY, true, false, Duration.ZERO))
        .get(30, TimeUnit.SECONDS);
  }

  private static Duration timeOf(Runnable task) {
    long began = System.nanoTime();
    task.run();
    return Duration.ofNanos(System.nanoTime() - began);
  }

  @Test
  void aStopOfTheDaemonPressesThePowerButtons() throws Exception {
    Daemon daemon =
        open(
            guest("g", button("obeyed", "5m")), guest("off", ", autostart: false"), guest("x", ""));
    assertThat(daemon.stopTimeout()).isEqualTo(Duration.ofMinutes(5));

    assertThat(timeOf(daemon::close)).isLessThan(Duration.ofSeconds(20));

    assertThat(ended("g", "it has stopped")).isEqualTo(1);
    assertThat(ended("x", "its VMM has no power button")).isEqualTo(1);
    assertThat(LogWatch.count("event=guest-stop-awaited")).isEqualTo(2);
  }

  @Test
  void guestsThatIgnoreItCostTheirTimeoutTogetherAndNoMore() throws Exception {
    Daemon daemon =
        open(
            guest("a", button("ignored", "1s")),
            guest("b", button("ignored", "1s")),
            guest("c", button("ignored", "1s")),
            guest("d", button("ignored", "0s")));

    assertThat(timeOf(daemon::close)).isBetween(Duration.ofSeconds(1), Duration.ofMillis(2800));

    assertThat(ended("a", "it ran on for 1s")).isEqualTo(1);
    assertThat(ended("d", "its stop-timeout is 0s")).isEqualTo(1);
  }

  @Test
  void aStopInAHurryWaitsForNoGuest() throws Exception {
    Daemon daemon = open(guest("g", button("ignored", "5m")));
    Thread stop = Thread.ofVirtual().start(daemon::close);
    daemon.hurry();

    assertThat(stop.join(Duration.ofSeconds(20))).isTrue();
    assertThat(ended("g", "it is not to be waited for")).isEqualTo(1);
  }

  @Test
  void aGuestThatIsPausedIsNotWaitedFor() throws Exception {
    Daemon daemon = open(guest("g", button("obeyed", "5m")));
    Objects.requireNonNull(daemon.guest("g")).act(GuestHandle.Action.PAUSE);

    assertThat(timeOf(daemon::close)).isLessThan(Duration.ofSeconds(20));
    assertThat(ended("g", "its state allows no stop")).isEqualTo(1);
  }

  @Test
  void aChangeThatRemovesOrReplacesGuestsPressesTheirButtonsTogether() throws Exception {
    String slow = button("ignored", "1s");
    try (Daemon daemon =
        open(guest("a", slow), guest("b", slow), guest("c", button("obeyed", "5m")))) {
      Document next = document(guest("c", ", harts: 2" + button("obeyed", "5m")));
      long began = System.nanoTime();

      apply(daemon, next);

      assertThat(Duration.ofNanos(System.nanoTime() - began))
          .isBetween(Duration.ofSeconds(1), Duration.ofMillis(1900));
      assertThat(ended("a", "it ran on for 1s")).isEqualTo(1);
      assertThat(ended("c", "it has stopped")).isEqualTo(1);
      assertThat(daemon.guestNames()).containsExactly("c");
      assertThat(state(daemon, "c")).isEqualTo("running");
    }
  }

  @Test
  void aChangeOfTheTimeoutAloneLeavesTheGuestRunning() throws Exception {
    try (Daemon daemon = open(guest("g", button("ignored", "5m")))) {
      apply(daemon, document(guest("g", button("ignored", "0s"))));

      assertThat(state(daemon, "g")).isEqualTo("running");
      assertThat(LogWatch.count("event=guest-stop-awaited")).isZero();
      assertThat(daemon.stopTimeout()).isZero();
    }
  }

  @Test
  void guestsThatWereAskedToStopRunAgainWhenTheChangeFails() throws Exception {
    String obeys = button("obeyed", "5m");
    try (Daemon daemon = open(guest("a", obeys), guest("b", obeys))) {
      // The replaced guest cannot start, after the other has been asked to stop.
      Document next =
          document(
              guest("a", ", harts: 2, options: {fails: on purpose}"), guest("b", ", harts: 2"));
      LogWatch.expect("event=guest-state-changed guest=\"a\"");

      assertThatThrownBy(() -> apply(daemon, next))
          .isInstanceOf(ExecutionException.class)
          .hasMessageContaining("on purpose");

      assertThat(state(daemon, "a")).isEqualTo("running");
      assertThat(state(daemon, "b")).isEqualTo("running");
    }
  }

  @Test
  void theDaemonsStopEndsTheWaitOfAChange() throws Exception {
    Daemon daemon = open(guest("a", button("ignored", "5m")), guest("b", button("ignored", "5m")));
    Document next = document(guest("c", ", autostart: false"));
    Set<Thread> others = waiting(); // other tests' daemons
    var change =
        daemon
            .conductor()
            .apply(
                new ChangeRequest(
                    before -> next,
                    "test",
                    "a test",
                    ChangeRequest.ANY,
                    true,
                    false,
                    Duration.ZERO));

    while (others.containsAll(waiting())) {
      LockSupport.parkNanos(1_000_000);
    }

    assertThat(timeOf(daemon::close)).isLessThan(Duration.ofSeconds(20));

    assertThat(change).isCompleted();
  }

  private static Set<Thread> waiting() {
    return Thread.getAllStackTraces().entrySet().stream()
        .filter(each -> waits(each.getValue()))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  private static boolean waits(StackTraceElement[] stack) {
    return List.of(stack).stream()
        .anyMatch(frame -> frame.getClassName().equals(PowerButton.class.getName()));
  }
}
