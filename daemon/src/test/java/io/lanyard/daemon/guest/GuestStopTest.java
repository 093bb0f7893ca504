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
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A guest that is to end is asked by its power button first. */
@Timeout(240)
final class GuestStopTest {
  private static final Duration FAR_LESS_THAN_FIVE_MINUTES = Duration.ofMinutes(2);

  @TempDir Path home;

  /** The number of presses and ends of other tests. */
  private final int before = EchoVmmProvider.stops().size();

  /** Guests that are waited for together are all asked before the first of them is ended. */
  private void assertAskedTogether(String... names) {
    List<String> stops = EchoVmmProvider.stops();
    List<String> told = stops.subList(before, stops.size());
    List<Integer> presses = places(told, "press ", names);
    List<Integer> ends = places(told, "end ", names);
    assertThat(presses).as("%s", told).doesNotContain(-1);
    assertThat(ends).as("%s", told).doesNotContain(-1);
    assertThat(Collections.max(presses)).as("%s", told).isLessThan(Collections.min(ends));
  }

  private static List<Integer> places(List<String> told, String act, String... names) {
    return Stream.of(names).map(name -> told.indexOf(act + name)).toList();
  }

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
        .get(60, TimeUnit.SECONDS);
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

    assertThat(timeOf(daemon::close)).isLessThan(FAR_LESS_THAN_FIVE_MINUTES);

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

    assertThat(timeOf(daemon::close)).isGreaterThan(Duration.ofSeconds(1));

    assertAskedTogether("a", "b", "c");
    assertThat(ended("a", "it ran on for 1s")).isEqualTo(1);
    assertThat(ended("d", "its stop-timeout is 0s")).isEqualTo(1);
  }

  @Test
  void aStopInAHurryWaitsForNoGuest() throws Exception {
    Daemon daemon = open(guest("g", button("ignored", "5m")));
    Thread stop = Thread.ofVirtual().start(daemon::close);
    daemon.hurry();

    assertThat(stop.join(FAR_LESS_THAN_FIVE_MINUTES)).isTrue();
    assertThat(ended("g", "it is not to be waited for")).isEqualTo(1);
  }

  @Test
  void aGuestThatIsPausedIsNotWaitedFor() throws Exception {
    Daemon daemon = open(guest("g", button("obeyed", "5m")));
    Objects.requireNonNull(daemon.guest("g")).act(GuestHandle.Action.PAUSE);

    assertThat(timeOf(daemon::close)).isLessThan(FAR_LESS_THAN_FIVE_MINUTES);
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

      assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThan(Duration.ofSeconds(1));
      assertAskedTogether("a", "b");
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

    assertThat(timeOf(daemon::close)).isLessThan(FAR_LESS_THAN_FIVE_MINUTES);

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
