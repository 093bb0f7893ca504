package io.lanyard.daemon.adversary;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.daemon.adversary.HonestGuest.Success;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One guest attacks in each way: the daemon stays within its budgets, others have their share, and
 * {@code status} names the port. Needs root.
 */
@Timeout(120)
final class AdversarialGuestIT {
  /** By then a flood has filled what it can fill at once. */
  private static final int UNDER_WAY = 2_000;

  /** Descriptors of the honest guests' pings, each of which is kept for a minute. */
  private static final int HELD = 100;

  /** A burst of each of a few events. */
  private static final int LINES = 250;

  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(20);
  private static final long STATUS_NANOS = TimeUnit.SECONDS.toNanos(1);

  @TempDir static Path home;
  private static World world;
  private static DaemonUnderAttack daemon;
  private static HonestGuest honest;
  private static HonestGuest other;
  private static int descriptors;

  @BeforeAll
  static void start() throws Exception {
    world = new World();
    daemon = new DaemonUnderAttack(home, world);
    honest = new HonestGuest(world.guestA, "10.66.0.2");
    other = new HonestGuest(world.guestB, "10.67.0.2");
    // The daemon says these and nothing else, a burst of each at most.
    daemon.expectWarning(
        "event=(no-descriptor|flows-refused|table-full|tcp-memory-short|storm|frames-refused|address-moves)"
            + " ");
    daemon.expectWarning(
        "event=dhcp-(port-limited|address-in-use|probe-answer-ignored|conflicts-ignored) ");
    daemon.expectWarning("event=dns-questions-refused ");
    assertThat(honest.work()).as(daemon.said()).matches(success -> success.isAtLeast(100));
    assertThat(other.work()).matches(success -> success.isAtLeast(100));
    descriptors = daemon.descriptors();
  }

  @AfterAll
  static void stop() throws Exception {
    try {
      if (daemon != null) {
        daemon.close();
      }
    } finally {
      if (world != null) {
        world.close();
      }
    }
  }

  private static <T> FutureTask<T> begin(String name, Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    Thread.ofPlatform().daemon(true).name(name).start(task);
    return task;
  }

  private interface Condition {
    boolean holds() throws IOException;
  }

  private static void await(String what, Condition condition) throws Exception {
    long deadline = System.nanoTime() + LIMIT_NANOS;
    while (!condition.holds()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  @ParameterizedTest
  @EnumSource(Attack.class)
  void othersHaveTheirShareAndStatusNamesThePort(Attack attack) throws Exception {
    List<Long> waits = new ArrayList<>();
    int most = 0;
    long lines = daemon.said().lines().count();
    Success ofHonest;
    Success ofOther;
    try (HostileGuest evil = daemon.hostile(attack)) {
      FutureTask<?> acting =
          begin(
              attack.port(),
              () -> {
                attack.act.by(evil);
                return evil;
              });
      await("the attack is under way", () -> evil.sent() >= UNDER_WAY || acting.isDone());
      FutureTask<Success> a = begin("honest", honest::work);
      FutureTask<Success> b = begin("other", other::work);
      while (!a.isDone() || !b.isDone()) {
        long began = System.nanoTime();
        daemon.problems();
        waits.add(System.nanoTime() - began);
        most = Math.max(most, daemon.descriptors());
        TimeUnit.MILLISECONDS.sleep(50);
      }
      ofHonest = a.get();
      ofOther = b.get();
      await("the port is named", () -> daemon.names(attack));
    }
    assertThat(daemon.isAlive()).as(daemon.said()).isTrue();
    assertThat(ofHonest).matches(success -> success.isAtLeast(80));
    assertThat(ofOther).matches(success -> success.isAtLeast(90));
    assertThat(most).isLessThan(DaemonUnderAttack.DESCRIPTORS);
    assertThat(daemon.said().lines().count() - lines).as("lines of log").isLessThan(LINES);
    waits.sort(null);
    assertThat(waits.get(waits.size() / 2)).isLessThan(STATUS_NANOS);
    await("descriptors are given back", () -> daemon.descriptors() <= descriptors + HELD);
  }
}
