package io.lanyard.daemon.adversary;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.testing.Pauses;
import io.lanyard.testing.PingSeries;
import io.lanyard.testing.ProcessorTime;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One guest attacks in each way, and several at once: the daemon stays within its budgets, others
 * have their share, and {@code status} names the port. Needs root.
 *
 * <p>The others work in both families at once, and in each they must have their share, whichever
 * the attack is by.
 *
 * <p>What the others get is compared with what they ask for, and nearly all of which they get right
 * after the attack, in attempts and not in time: a machine of two cores has attacker, guests and
 * daemon on them. Time is compared as the daemon accounts it to ports, since both ports pay alike
 * for a busy machine.
 *
 * <p>So are rates: how long a transfer takes by the clock is up to the host's processors, on which
 * attackers, servers and guests run too. What the daemon divides is its loops' time. A round is the
 * same work each time: connects, pings, questions, a lease and transfers in both families. The time
 * that passes for it on the loop while the honest port has work, served and waiting, is compared
 * with what passes for it while nobody attacks: beside one attacker twice as much is fair. A port
 * that lacks its share lacks it in each round; a single one may fall into a collection of all
 * garbage, or meet the one long burst that its attacker pays for afterwards. The port of the other
 * network has nine tenths of its loop's time while it has work, and a round of its guest costs that
 * loop a quarter more at most than without an attack. Rates are not compared where the flood is the
 * honest port's own, by its forward; there the share of the time is.
 */
@Timeout(240)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class) // one attack at a time warms the daemon up
final class AdversarialGuestIT {
  /** Of what the guest on the attacker's network asks for. */
  private static final int HONEST_PERCENT = 80;

  /** Of what the guest on another network asks for. */
  private static final int OTHER_PERCENT = 90;

  /** Descriptors of the guests' pings and questions, which are kept for a while. */
  private static final int HELD = 100;

  /**
   * Bytes of heap that all attacks may leave behind: both networks' 10,000 cached answers, some
   * thousand leases of made-up clients, what TLS has loaded, and no flow of a guest's.
   */
  private static final long LEFT_BYTES = 20 << 20;

  /**
   * Bytes of heap that one attack may take while it lasts: what the quotas of its port permit, and
   * what the honest guests have at the time. 4 MB for 400 sockets and their flows, the port's part
   * of the descriptors; 4 MB for the questions that wait for an answer; 3 MB for 4,096 stations and
   * as many neighbours; 3 MB for the leases, names and cached answers that it may leave behind; 2
   * MB for what the API, the metrics and the log have in hand.
   */
  private static final long ATTACK_BYTES = 16 << 20;

  /** Bytes of TCP buffers that all attacks may leave behind. */
  private static final long LEFT_TCP_BYTES = 1 << 20;

  /** A burst of each of a few events. */
  private static final int LINES = 250;

  /**
   * Time with work for the honest port in which two ports have their shares, however their turns
   * fall.
   */
  private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

  /** Each is to be fair, and most of five as they were charged. */
  private static final int WINDOWS = 3;

  /** The most rounds in which the honest guest's fair rate is looked for. */
  private static final int ROUNDS = 5;

  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** The most that an answer to a question for the status may take. */
  private static final long STATUS_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * The most that a loop may take for its turn, in ms: a burst of each port, and a collection of
   * all garbage in between.
   */
  private static final double TURN_MILLIS = 200;

  /** The daemon measures its loops every two seconds: the first turn may be of before. */
  private static final long MEASURED_NANOS = TimeUnit.SECONDS.toNanos(4);

  /** Descriptors that stay free for what is no guest's: the API, files. */
  private static final int RESERVE = 64;

  private static final long LOOK_MILLIS = 50;

  /** Metrics of what the daemon holds, and of what it may. */
  private static final Map<String, String> BUDGETS =
      Map.of(
          "lanyard_tcp_memory_bytes",
          "lanyard_tcp_memory_limit_bytes",
          "lanyard_sockets",
          "lanyard_sockets_limit",
          "lanyard_port_memory_bytes",
          "lanyard_port_memory_limit_bytes",
          "lanyard_direct_memory_bytes",
          "lanyard_direct_memory_limit_bytes");

  @TempDir static Path home;
  private static World world;
  private static DaemonUnderAttack daemon;

  /** One for each family, in their order. */
  private static final List<HonestGuest> HONEST = new ArrayList<>();

  private static final List<HonestGuest> OTHER = new ArrayList<>();

  /** A host that stands still lets the daemon answer later. */
  private static final Pauses PAUSES = new Pauses();

  /** The time that passes for rounds of the honest guest while nobody attacks. */
  private static final Undisturbed UNDISTURBED = new Undisturbed();

  /** The time that the other network's loop runs for rounds while nobody attacks. */
  private static final Undisturbed OTHER_UNDISTURBED = new Undisturbed();

  private static HonestClients clients;
  private static Victim victim;

  /** Bytes of heap before the first attack. */
  private static long heap;

  /** The same after the last attack. */
  private static long left;

  /** The bytes that may be more than before. */
  private static long mayBeLeft = LEFT_BYTES;

  @BeforeAll
  static void start() throws Exception {
    world = new World();
    daemon = new DaemonUnderAttack(home, world);
    daemon.await();
    for (Family family : Family.values()) {
      HONEST.add(new HonestGuest(world.guestA, family, family.gateway));
      OTHER.add(new HonestGuest(world.guestB, family, family.gatewayB));
    }
    clients = new HonestClients(world);
    // The daemon says these and nothing else, a burst of each at most.
    daemon.expectWarning(
        "event=(no-descriptor|flows-refused|table-full|tcp-memory-short|storm|frames-refused|address-moves)"
            + " ");
    daemon.expectWarning(
        "event=dhcp-(port-limited|address-in-use|probe-answer-ignored|conflicts-ignored|impostor)"
            + " ");
    daemon.expectWarning("event=(dns-questions-refused|dns-tls-failed|forward-full) ");
    daemon.expectWarning("event=(client-refused|client-disconnected) ");
    // A guest's last datagrams are read when it has gone.
    daemon.expectWarning("event=sender-refused .* advice=\"nobody has ");
    beginRound().assertUndisturbed(() -> daemon.saidAfter(0));
    for (Family family : Family.values()) {
      assertThat(clients.work(family)).matches(served -> served.isAtLeast(OTHER_PERCENT));
    }
    victim =
        new Victim(
            HONEST.get(Family.IPV4.ordinal()).lease(), HONEST.get(Family.IPV6.ordinal()).lease6());
    assertThat(holdsItsLeases()).as(daemon.said()).isTrue();
    while (!UNDISTURBED.isKnown()) {
      Lap before = Lap.now(List.of());
      beginRound().assertUndisturbed(() -> daemon.saidAfter(0));
      addUndisturbed(before);
    }
    heap = daemon.heap();
    left = heap;
  }

  @AfterAll
  static void stop() throws Exception {
    try {
      for (HonestGuest guest : guests()) {
        guest.close();
      }
      if (clients != null) {
        clients.close();
      }
      if (daemon != null) {
        daemon.close();
      }
    } finally {
      if (world != null) {
        world.close();
      }
    }
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(String what, Condition condition) throws Exception {
    await(() -> what, condition);
  }

  private static void await(Supplier<String> what, Condition condition) throws Exception {
    long deadline = System.nanoTime() + LIMIT_NANOS;
    while (!condition.holds()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(what.get() + ": " + daemon.get("/v1/status"));
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private static boolean holdsItsLeases() throws IOException {
    return daemon.holds(victim.lease().mac(), Address.ofIpv4(victim.lease().address()))
        && daemon.holds(victim.lease6().client(), victim.lease6().address());
  }

  private static Round beginRound() {
    return Round.begin(HONEST, OTHER);
  }

  private static List<HonestGuest> guests() {
    return Stream.concat(HONEST.stream(), OTHER.stream()).toList();
  }

  /** The networks' loops: that of the attacker's, and the other. */
  private record Loops(ProcessorTime honest, ProcessorTime other) {
    static Loops now() throws IOException {
      return new Loops(daemon.processor("a"), daemon.processor("b"));
    }

    Loops since(Loops before) {
      return new Loops(honest.since(before.honest), other.since(before.other));
    }

    /** How many times longer the loop of one of the guests needed than on an idle host. */
    double slowness(int guest) {
      return (guest < HONEST.size() ? honest : other).slowness();
    }
  }

  /** The loops' times of a round: of the attackers' network, and of the other. */
  private record Lap(LoopTime honest, LoopTime other) {
    static Lap now(List<Attack> attacks) throws IOException {
      return new Lap(daemon.loopTime(attacks), daemon.otherLoopTime());
    }

    Lap since(Lap before) {
      return new Lap(honest.since(before.honest), other.since(before.other));
    }
  }

  private static void addUndisturbed(Lap before) throws IOException {
    Lap lap = Lap.now(List.of()).since(before);
    UNDISTURBED.add(lap.honest.passed());
    OTHER_UNDISTURBED.add((double) lap.other.ran());
  }

  @ParameterizedTest
  @EnumSource(Attack.class)
  @Order(1)
  void othersHaveTheirShareAndStatusNamesThePort(Attack attack) throws Exception {
    assertWithstood(List.of(attack));
  }

  @ParameterizedTest
  @EnumSource(Alliance.class)
  @Order(2)
  void othersHaveTheirShareBesideSeveralAttackers(Alliance alliance) throws Exception {
    assertWithstood(alliance.attacks);
  }

  private static void assertWithstood(List<Attack> attacks) throws Exception {
    int descriptors = daemon.descriptors();
    long lines = daemon.said().lines().count();
    Map<Attack, LoopTime> idle = new EnumMap<>(Attack.class);
    for (Attack attack : attacks) {
      idle.put(attack, daemon.loopTime(List.of(attack)));
    }
    Round attacked;
    try (Assault assault = new Assault(daemon, attacks, victim)) {
      for (Attack attack : attacks) {
        await(
            "the attack is seen, and whose it is: " + attack,
            () -> {
              assault.assertGoesOn();
              return isServed(attack, requireNonNull(idle.get(attack))) && daemon.names(attack);
            });
      }
      Lap before = Lap.now(attacks);
      attacked = beginRound();
      Loops loops = watch(attacked);
      Lap first = Lap.now(attacks).since(before);
      assertThat(first.other).as("the other network's loop").matches(LoopTime::isNearlyAlone);
      assertFairRate(attacks, first);
      assertThat(serve(attacks))
          .as("clients of what the daemon serves on its host")
          .matches(served -> served.isAtLeast(HONEST_PERCENT));
      assertPings(attacked, loops);
      assault.wantAll();
      assertFairShares(attacks);
      assertThat(daemon.heap() - left).as("bytes of heap").isLessThan(ATTACK_BYTES);
      assault.assertGoesOn();
    }
    assertThat(daemon.isAlive()).as(daemon.said()).isTrue();
    Lap alone = Lap.now(List.of());
    Round after = beginRound();
    for (Family family : Family.values()) {
      assertShare(attacked.honest(family), HONEST_PERCENT, lines);
      assertShare(attacked.other(family), OTHER_PERCENT, lines);
    }
    assertThat(holdsItsLeases()).as("the honest guest's leases").isTrue();
    assertThat(daemon.said().lines().count() - lines)
        .as("lines of log")
        .isLessThan((long) attacks.size() * LINES);
    mayBeLeft += attacks.stream().mapToLong(Attack::leaves).sum();
    awaitNothingIsLeft(descriptors);
    after.assertUndisturbed(() -> daemon.saidAfter(lines));
    addUndisturbed(alone);
  }

  /** A round of honest clients of the daemon's, where the attackers are such clients. */
  private static HonestClients.Served serve(List<Attack> attacks) throws IOException {
    return attacks.stream().allMatch(Attack::hasPort)
        ? HonestClients.Served.ALL
        : clients.work(attacks.getFirst().family);
  }

  /** Whether the attack has begun: what the status says may be left of an earlier one. */
  private static boolean isServed(Attack attack, LoopTime idle) throws IOException {
    return !attack.hasPort() || daemon.loopTime(List.of(attack)).since(idle).hostile() > 0;
  }

  private static void assertShare(Success attacked, int percent, long lines) {
    assertThat(attacked)
        .as(() -> daemon.saidAfter(lines))
        .matches(s -> s.isAtLeast(percent, Success.ALL));
  }

  /** Pings, all guests at once, until it is known of each whether its middle series is short. */
  private static void assertPings(Round round, Loops during) throws Exception {
    List<HonestGuest> guests = guests();
    List<PingSeries> series = guests.stream().map(_ -> new PingSeries()).toList();
    for (int i = 0; i < guests.size(); i++) {
      series.get(i).add(round.all().get(i).get().pingMillis(), during.slowness(i));
    }
    while (!series.stream().allMatch(PingSeries::isDecided)) {
      Loops before = Loops.now();
      List<Double> medians = new ArrayList<>();
      for (FutureTask<Double> ping :
          guests.stream().map(guest -> Background.begin("ping", guest::ping)).toList()) {
        medians.add(ping.get());
      }
      Loops loops = Loops.now().since(before);
      for (int i = 0; i < guests.size(); i++) {
        series.get(i).add(medians.get(i), loops.slowness(i));
      }
    }
    assertThat(series).as("medians of pings").allMatch(PingSeries::isShort);
  }

  /** Asks for the status while a round lasts, and looks at what the daemon holds. */
  private static Loops watch(Round round) throws Exception {
    Loops before = Loops.now();
    long began = System.nanoTime() - MEASURED_NANOS;
    long longest = 0;
    double turn = 0;
    int most = 0;
    do {
      long asked = System.nanoTime();
      daemon.problems();
      longest = Math.max(longest, System.nanoTime() - asked - PAUSES.nanosSince(asked));
      most = Math.max(most, daemon.descriptors());
      Map<String, Double> metrics = daemon.metrics();
      assertBudgets(metrics);
      turn = Math.max(turn, DaemonUnderAttack.turnMillis(metrics));
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    } while (!round.isDone());
    Loops loops = Loops.now().since(before);
    assertThat(longest).as("nanoseconds for the status").isLessThan(STATUS_NANOS);
    assertThat(turn - PAUSES.longestNanosSince(began) / 1e6)
        .as("ms of a loop's turn")
        .isLessThan(TURN_MILLIS);
    assertThat(most).as("descriptors").isLessThan(DaemonUnderAttack.DESCRIPTORS - RESERVE);
    return loops;
  }

  private static void assertBudgets(Map<String, Double> metrics) {
    BUDGETS.forEach((used, limit) ->
        assertThat(metrics.get(used)).as(used).isLessThanOrEqualTo(metrics.get(limit)));
  }

  /**
   * Looks whether a port that has work at any time has its share of the loop's time, beside
   * attackers that want all of it.
   */
  private static void assertFairShares(List<Attack> attacks) throws Exception {
    long window = WINDOW_NANOS * (1 + attacks.size()) / 2;
    try (Upload _ = new Upload(world.guestA, attacks.getFirst().family)) {
      boolean insists = Attack.wantAll(attacks);
      int contended = 0;
      int fair = 0;
      int seen = 0;
      long deadline = System.nanoTime() + LIMIT_NANOS;
      while ((fair < WINDOWS && seen - fair < WINDOWS) || (insists && contended < WINDOWS)) {
        LoopTime before = daemon.loopTime(attacks);
        await(
            "the honest port has work",
            () -> daemon.loopTime(attacks).since(before).busy() >= window);
        LoopTime share = daemon.loopTime(attacks).since(before);
        assertThat(share).as("shares of the loop's time").matches(LoopTime::isFair);
        seen++;
        fair += share.isFairAsCharged() ? 1 : 0;
        contended += share.isContended() ? 1 : 0;
        assertThat(System.nanoTime()).as("attackers want all of it").isLessThan(deadline);
      }
      assertThat(fair).as("fair windows of %d", seen).isGreaterThan(seen - fair);
    }
  }

  /**
   * Makes rounds until one goes at the honest guest's fair rate, and one costs the other network's
   * loop no more than without an attack, which of a few does.
   */
  private static void assertFairRate(List<Attack> attacks, Lap first) throws Exception {
    double alone = UNDISTURBED.nanos();
    double otherAlone = OTHER_UNDISTURBED.nanos();
    boolean ownFlood = attacks.stream().anyMatch(Attack::isByForward);
    Predicate<Lap> fair = lap -> ownFlood || lap.honest.isFairRate(alone);
    boolean eventsOnly = attacks.contains(Attack.VHOST_KICKS); // to hear of one is nobody's work
    Predicate<Lap> charged = lap -> eventsOnly || lap.honest.isCharged();
    Predicate<Lap> own = lap -> lap.other.isOwnRate(otherAlone);
    List<Lap> laps = new ArrayList<>(List.of(first));
    while (!Stream.of(fair, charged, own).allMatch(one -> laps.stream().anyMatch(one))
        && laps.size() < ROUNDS) {
      Lap before = Lap.now(attacks);
      for (FutureTask<Success> one : beginRound().all()) {
        Success _ = one.get();
      }
      laps.add(Lap.now(attacks).since(before));
    }
    assertThat(laps).as("the honest guest's fair rate, alone %.0f ns", alone).anyMatch(fair);
    assertThat(laps).as("the loop's time that ports are charged for").anyMatch(charged);
    assertThat(laps).as("the other loop's rounds, alone %.0f ns", otherAlone).anyMatch(own);
  }

  private static void awaitNothingIsLeft(int descriptors) throws Exception {
    await("descriptors are given back", () -> daemon.descriptors() <= descriptors + HELD);
    await(
        "TCP memory is given back",
        () -> daemon.metric("lanyard_network_tcp_memory_bytes{network=\"a\"}") <= LEFT_TCP_BYTES);
    await(
        () -> "the heap is free again, but for " + (left - heap) + " bytes",
        () -> {
          left = daemon.heap();
          return left - heap <= mayBeLeft;
        });
  }
}
