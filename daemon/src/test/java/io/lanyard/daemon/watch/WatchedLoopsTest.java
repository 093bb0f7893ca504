package io.lanyard.daemon.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.ControlServer;
import io.lanyard.control.MetricsEndpoint;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.testing.Await;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The threads of a daemon that runs, and which of them the watchdog asks. */
@Timeout(240)
final class WatchedLoopsTest {
  /**
   * The JVM's and Netty's own threads, a thread that ends when its one call does, and the
   * conductor: it is no loop, and a command takes as long as the guests that it stops.
   */
  private static final Pattern OTHERS =
      Pattern.compile(
          "ForkJoinPool.*|VirtualThread-.*|.*[Cc]leaner.*|process reaper.*|vmm-.*|conductor");

  @TempDir Path home;

  private static Set<Thread> threads() {
    return new HashSet<>(Thread.getAllStackTraces().keySet());
  }

  /** The threads that are new since then, that live, and that no watchdog has asked. */
  private static Set<Thread> unwatched(Watchdog watchdog, Set<Thread> before) {
    Set<Thread> left = threads();
    left.removeAll(before);
    left.removeAll(watchdog.threads());
    left.removeIf(thread -> !thread.isAlive() || OTHERS.matcher(thread.getName()).matches());
    return left;
  }

  @Test
  void everyLoopOfTheDaemonIsWatchedAndForgottenWithIt() throws Exception {
    String yaml =
        "version: 1\nnetworks: {a: {mode: isolated}, b: {mode: nat, ipv4: {subnet: 10.9.8.0/24}}}";
    Set<Thread> before = threads();
    Watchdog watchdog;
    try (Daemon daemon = InProcessDaemon.open(home, yaml)) {
      watchdog = daemon.watchdog();
      ControlServer server = ControlServer.bind(daemon, home.resolve("api"), null);
      MetricsEndpoint metrics =
          MetricsEndpoint.open(daemon, new Endpoint(Address.LOOPBACK_IPV4, 0));
      try (server;
          metrics) {
        Watchdog asking = watchdog;
        Await.until(
            () -> unwatched(asking, before).toString(),
            () -> {
              boolean _ = asking.round();
              return unwatched(asking, before).isEmpty();
            });
        assertThat(watchdog.threads())
            .extracting(Thread::getName)
            .anyMatch(name -> name.startsWith("metrics"))
            .anyMatch(name -> name.startsWith("control"))
            .contains("lanyard-leases");
      }
    }
    assertThat(watchdog.threads()).allMatch(Thread::isVirtual);
  }
}
