package io.lanyard.daemon.adversary;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One guest attacks in each way: the daemon stays within its budgets, others have their share, and
 * {@code status} names the port. Needs root.
 *
 * <p>The others work in both families at once, and in each they must have their share, whichever
 * the attack is by.
 *
 * <p>What the others get is compared with what they get right before the attack, in attempts and
 * not in time: a machine of two cores has attacker, guests and daemon on them. Time is compared as
 * the daemon accounts it to ports, since both ports pay alike for a busy machine.
 */
@Timeout(120)
final class AdversarialGuestIT {
  /** Of what the guest on the attacker's network gets without it. */
  private static final int HONEST_PERCENT = 80;

  /** Of what the guest on another network gets. */
  private static final int OTHER_PERCENT = 90;

  /**
   * The most that the median of a series of pings may be under an attack, in ms, with a loop that
   * has the processors to itself. On a busy machine all that waits before a ping takes so many
   * times longer, and the ping itself waits so much longer for its turn. Besides, the guests' and
   * the world's part of the machine may be in want of a processor where the loop is not; so one
   * series of some is to be so short, as with the shares.
   */
  private static final double PING_MILLIS = 5;

  /** Descriptors of the guests' pings and questions, which are kept for a while. */
  private static final int HELD = 100;

  /**
   * Bytes of heap that all attacks may leave behind: a network's 10,000 cached answers, some
   * thousand leases of made-up clients, what TLS has loaded, and no flow.
   */
  private static final long LEFT_BYTES = 16 << 20;

  /** Bytes of TCP buffers, likewise. */
  private static final long LEFT_TCP_BYTES = 1 << 20;

  /** A burst of each of a few events. */
  private static final int LINES = 250;

  /** Loop time in which two ports have their shares, however their turns fall. */
  private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

  /** Windows with a fair share, of how many: in some the guest's processes have no processor. */
  private static final int FAIR = 3;

  private static final int WINDOWS = 15;
  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(20);

  /** The most that an answer to a question for the status may take. */
  private static final long STATUS_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Descriptors that stay free for what is no guest's: the API, files. */
  private static final int RESERVE = 64;

  private static final long LOOK_MILLIS = 50;

  @TempDir static Path home;
  private static World world;
  private static DaemonUnderAttack daemon;

  /** One for each family, in their order. */
  private static final List<HonestGuest> HONEST = new ArrayList<>();

  private static final List<HonestGuest> OTHER = new ArrayList<>();
  private static HonestGuest.Lease lease;
  private static Dhcp6.Lease lease6;
  private static long heap;

  @BeforeAll
  static void start() throws Exception {
    world = new World();
    daemon = new DaemonUnderAttack(home, world);
    daemon.await();
    for (Family family : Family.values()) {
      HONEST.add(new HonestGuest(world.guestA, family, family.gateway));
      OTHER.add(new HonestGuest(world.guestB, family, family.gatewayB));
    }
    // The daemon says these and nothing else, a burst of each at most.
    daemon.expectWarning(
        "event=(no-descriptor|flows-refused|table-full|tcp-memory-short|storm|frames-refused|address-moves)"
            + " ");
    daemon.expectWarning(
        "event=dhcp-(port-limited|address-in-use|probe-answer-ignored|conflicts-ignored|impostor) ");
    daemon.expectWarning("event=(dns-questions-refused|dns-tls-failed|forward-full) ");
    daemon.expectWarning("event=(client-refused|client-disconnected) ");
    Round warm = Round.begin();
    for (Family family : Family.values()) {
      assertThat(warm.honest(family)).as(daemon.said()).isNotNull();
    }
    lease = HONEST.get(Family.IPV4.ordinal()).lease();
    lease6 = HONEST.get(Family.IPV6.ordinal()).lease6();
    assertThat(holdsItsLeases()).as(daemon.said()).isTrue();
    heap = daemon.heap();
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
    boolean holds() throws Exception;
  }

  private static void await(String what, Condition condition) throws Exception {
    long deadline = System.nanoTime() + LIMIT_NANOS;
    while (!condition.holds()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(what + ": " + daemon.get("/v1/status"));
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private static boolean holdsItsLeases() throws IOException {
    return daemon.holds(lease.mac(), Address.ofIpv4(lease.address()))
        && daemon.holds(lease6.client(), lease6.address());
  }

  /** A round of both guests in both families, all at once. */
  private record Round(List<FutureTask<Success>> honest, List<FutureTask<Success>> other) {
    static Round begin() {
      return new Round(all("honest", HONEST), all("other", OTHER));
    }

    private static List<FutureTask<Success>> all(String name, List<HonestGuest> guests) {
      return guests.stream().map(guest -> AdversarialGuestIT.begin(name, guest::work)).toList();
    }

    Success honest(Family family) throws Exception {
      return honest.get(family.ordinal()).get();
    }

    Success other(Family family) throws Exception {
      return other.get(family.ordinal()).get();
    }

    boolean isDone() {
      return Stream.concat(honest.stream(), other.stream()).allMatch(FutureTask::isDone);
    }
  }

  @ParameterizedTest
  @EnumSource(Attack.class)
  void othersHaveTheirShareAndStatusNamesThePort(Attack attack) throws Exception {
    Round alone = Round.begin();
    for (Family family : Family.values()) {
      assertThat(alone.honest(family)).as("alone").matches(s -> s.isAtLeast(90, Success.ALL));
      assertThat(alone.other(family)).as("alone").matches(s -> s.isAtLeast(90, Success.ALL));
    }
    int descriptors = daemon.descriptors();
    long lines = daemon.said().lines().count();
    Round attacked;
    try (Hostile hostile = daemon.hostile(attack, lease, lease6)) {
      FutureTask<Hostile> acting =
          begin(
              attack.port(),
              () -> {
                hostile.act();
                return hostile;
              });
      await(
          "the attack is seen, and whose it is: " + attack,
          () -> {
            if (acting.isDone()) {
              Hostile _ = acting.get(); // it should go on: throws what ended it
            }
            return daemon.names(attack);
          });
      attacked = Round.begin();
      Slowness slowness = watch(attacked);
      for (Family family : Family.values()) {
        int i = family.ordinal();
        double honest = attacked.honest(family).pingMillis();
        double other = attacked.other(family).pingMillis();
        awaitShortPings("a", HONEST.get(i), honest, slowness.honest());
        awaitShortPings("b", OTHER.get(i), other, slowness.other());
      }
      awaitFairShares(attack);
    }
    assertThat(daemon.isAlive()).as(daemon.said()).isTrue();
    for (Family family : Family.values()) {
      assertShare(attacked.honest(family), alone.honest(family), HONEST_PERCENT);
      assertShare(attacked.other(family), alone.other(family), OTHER_PERCENT);
    }
    assertThat(holdsItsLeases()).as("the honest guest's leases").isTrue();
    assertThat(daemon.said().lines().count() - lines).as("lines of log").isLessThan(LINES);
    awaitNothingIsLeft(descriptors);
  }

  /**
   * How many times longer the loops needed than on a host that has nothing else to do.
   *
   * @param honest that of the attacker's network
   * @param other the other one
   */
  private record Slowness(double honest, double other) {}

  private static void assertShare(Success attacked, Success alone, int percent) {
    assertThat(attacked).as("alone: %s", alone).matches(s -> s.isAtLeast(percent, alone));
  }

  /**
   * Waits until a series of a guest's pings was short.
   *
   * @param millis the median of the first, NaN if none was answered
   * @param slowness that of the network's loop at the time
   */
  private static void awaitShortPings(
      String network, HonestGuest guest, double millis, double slowness) throws Exception {
    List<String> seen = new ArrayList<>();
    double median = millis;
    double slower = slowness;
    while (!(median <= PING_MILLIS * slower * slower)) {
      seen.add("%.1f ms with a loop %.1f times slower".formatted(median, slower));
      assertThat(seen).as("medians of pings").hasSizeLessThan(WINDOWS);
      LoopProcessor before = daemon.processor(network);
      median = guest.ping();
      slower = daemon.processor(network).since(before).slowness();
    }
  }

  /** Asks for the status while a round lasts, and looks at what the daemon holds. */
  private static Slowness watch(Round round) throws Exception {
    LoopProcessor honest = daemon.processor("a");
    LoopProcessor other = daemon.processor("b");
    long longest = 0;
    int most = 0;
    do {
      long began = System.nanoTime();
      daemon.problems();
      longest = Math.max(longest, System.nanoTime() - began);
      most = Math.max(most, daemon.descriptors());
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    } while (!round.isDone());
    assertBudgets();
    assertThat(longest).as("nanoseconds for the status").isLessThan(STATUS_NANOS);
    assertThat(most).as("descriptors").isLessThan(DaemonUnderAttack.DESCRIPTORS - RESERVE);
    return new Slowness(
        daemon.processor("a").since(honest).slowness(),
        daemon.processor("b").since(other).slowness());
  }

  private static void assertBudgets() throws Exception {
    Map<String, Double> metrics = daemon.metrics();
    assertThat(metrics.get("lanyard_tcp_memory_bytes"))
        .isLessThanOrEqualTo(metrics.get("lanyard_tcp_memory_limit_bytes"));
    assertThat(metrics.get("lanyard_sockets"))
        .isLessThanOrEqualTo(metrics.get("lanyard_sockets_limit"));
  }

  /** Waits until a port that has work at any time has had its share of the loop's time. */
  private static void awaitFairShares(Attack attack) throws Exception {
    List<LoopTime> seen = new ArrayList<>();
    try (Upload _ = new Upload(world.guestA, attack.family)) {
      while (seen.stream().filter(LoopTime::isFair).count() < FAIR) {
        assertThat(seen).as("shares of the loop's time").hasSizeLessThan(WINDOWS);
        LoopTime before = daemon.loopTime(attack);
        await("the loop works", () -> daemon.loopTime(attack).since(before).sum() >= WINDOW_NANOS);
        seen.add(daemon.loopTime(attack).since(before));
      }
    }
  }

  private static void awaitNothingIsLeft(int descriptors) throws Exception {
    await("descriptors are given back", () -> daemon.descriptors() <= descriptors + HELD);
    await(
        "TCP memory is given back",
        () -> daemon.metric("lanyard_network_tcp_memory_bytes{network=\"a\"}") <= LEFT_TCP_BYTES);
    await("the heap is free again", () -> daemon.heap() - heap <= LEFT_BYTES);
  }
}
