package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedClock;
import io.lanyard.testing.SteppedTimers;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TurnsTest {
  private static final long MICRO = 1_000;

  private final SteppedClock clock = new SteppedClock();
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private final Turns turns = new Turns(clock, tasks::add);
  private final Switch network =
      new Switch("test", new SteppedTimers(clock), PooledByteBufAllocator.DEFAULT);
  private final List<Guest> guests = new ArrayList<>();

  /** A port that sends without end, or as often as it is told. */
  private final class Guest extends Work {
    final SinkPort port;
    final Turn turn;
    final long cost;
    long bursts;
    long left = Long.MAX_VALUE;
    boolean throwing;
    @Nullable Throwable always;
    @Nullable Throwable broken;
    boolean refused;

    Guest(String name, long cost) {
      port = new SinkPort(name, Offloads.NONE, network, frame -> {});
      turn = turns.of(port);
      this.cost = cost;
      guests.add(this);
    }

    Guest once() {
      left = 0;
      return this;
    }

    @Override
    protected boolean run() {
      bursts++;
      clock.advanceNanos(cost);
      if (refused) {
        turn.refused();
      }
      if (throwing) {
        throwing = false;
        throw new IllegalStateException("on purpose");
      }
      switch (always) {
        case null -> {}
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        default -> throw new IllegalStateException(always);
      }
      return left-- > 0;
    }

    @Override
    protected void broke(Throwable cause) {
      broken = cause;
    }

    long nanos() {
      return port.counters().loopNanos();
    }

    long waited() {
      return port.counters().loopWaitNanos();
    }
  }

  /** The loop: one batch of events, then what waits for its end. */
  private void batch(Guest... ready) {
    for (Guest guest : ready) {
      guest.turn.ready(guest);
    }
    for (int n = tasks.size(); n > 0; n--) {
      tasks.remove().run();
    }
  }

  private void run(long nanos, Guest... ready) {
    long end = clock.nanoTime() + nanos;
    while (clock.nanoTime() < end) {
      batch(ready);
    }
  }

  private long all() {
    return guests.stream().mapToLong(Guest::nanos).sum();
  }

  @Test
  void dividesTheTimeEvenlyBetweenACheapAndAnExpensivePort() {
    Guest cheap = new Guest("cheap", 20 * MICRO);
    Guest expensive = new Guest("expensive", 4_000 * MICRO);
    run(2_000_000 * MICRO, cheap, expensive);
    assertThat((double) cheap.nanos() / all()).isCloseTo(0.5, within(0.02));
  }

  @Test
  void dividesTheTimeEvenlyAmongSixteen() {
    for (int i = 0; i < 16; i++) {
      Guest guest = new Guest("g" + i, (20 + 37 * i) * MICRO);
      guest.turn.ready(guest);
    }
    run(4_000_000 * MICRO);
    for (Guest guest : guests) {
      assertThat((double) guest.nanos() / all()).isCloseTo(1.0 / 16, within(0.005));
    }
  }

  @Test
  void servesOneThatSendsLittleWithinABurstOfTheFlood() {
    Guest flood = new Guest("flood", 200 * MICRO);
    Guest ping = new Guest("ping", 10 * MICRO).once();
    run(100_000 * MICRO, flood);
    for (int i = 0; i < 40; i++) {
      long asked = clock.nanoTime();
      batch(flood, ping.once());
      assertThat(ping.bursts).isEqualTo(i + 1);
      assertThat(clock.nanoTime() - asked).isLessThan(2_000 * MICRO);
      run(1_000 * MICRO, flood);
    }
  }

  @Test
  void starvesNobodyBehindManySourcesOfOnePort() {
    Guest hog = new Guest("hog", 100 * MICRO);
    for (int i = 0; i < 1_000; i++) {
      Work another =
          new Work() {
            @Override
            protected boolean run() {
              clock.advanceNanos(100 * MICRO);
              return true;
            }

            @Override
            protected void broke(Throwable cause) {}
          };
      hog.turn.ready(another);
    }
    Guest other = new Guest("other", 100 * MICRO);
    run(500_000 * MICRO, other);
    assertThat((double) other.nanos() / all()).isCloseTo(0.5, within(0.03));
  }

  @Test
  void givesAPortThatFloodsAFifthBesideOneThatDoesNot() {
    Guest honest = new Guest("honest", 100 * MICRO);
    Guest flood = new Guest("flood", 100 * MICRO);
    flood.refused = true;
    run(1_000_000 * MICRO, honest, flood);
    assertThat((double) flood.nanos() / all()).isCloseTo(0.2, within(0.03));
  }

  @Test
  void chargesOneRefusedFrameToItsBurstAlone() {
    Guest honest = new Guest("honest", 100 * MICRO);
    Guest stray = new Guest("stray", 100 * MICRO);
    for (int i = 0; i < 100; i++) {
      stray.refused = true;
      long bursts = stray.bursts;
      while (stray.bursts == bursts) {
        batch(honest, stray);
      }
      stray.refused = false;
      run(20_000 * MICRO, honest, stray);
    }
    assertThat((double) stray.nanos() / all()).isCloseTo(0.5, within(0.02));
  }

  /** Work that an event has called; answers whether the port may go on. */
  private boolean event(Guest guest, long nanos) {
    assertThat(guest.turn.begin()).isTrue();
    clock.advanceNanos(nanos);
    return guest.turn.end();
  }

  @Test
  void letsOneThatIsAloneGoOnWithItsEventsAndNobodyBesideOthers() {
    Guest alone = new Guest("alone", 0);
    Guest other = new Guest("other", 0);
    for (int i = 0; i < 100; i++) {
      assertThat(event(alone, 200 * MICRO)).isTrue();
    }
    assertThat(event(other, 100 * MICRO)).isTrue();
    boolean went = true;
    for (int i = 0; i < 10; i++) {
      went &= event(alone, 60 * MICRO);
      event(other, 40 * MICRO);
    }
    assertThat(went).as("beside another, credit is not for nothing").isFalse();
    // When the other has been silent for a quantum, it is alone again.
    event(alone, 600 * MICRO);
    assertThat(event(alone, MICRO)).isTrue();
  }

  @Test
  void countsWhatOthersGotWhileAPortHadWork() {
    Guest cheap = new Guest("cheap", 20 * MICRO);
    Guest expensive = new Guest("expensive", 4_000 * MICRO);
    run(2_000_000 * MICRO, cheap, expensive);
    assertThat((double) cheap.waited() / expensive.nanos()).isCloseTo(1, within(0.02));
    assertThat((double) expensive.waited() / cheap.nanos()).isCloseTo(1, within(0.02));
  }

  @Test
  void countsNoWaitOfAPortThatHasNothingToDo() {
    Guest flood = new Guest("flood", 200 * MICRO);
    Guest ping = new Guest("ping", 10 * MICRO).once();
    run(100_000 * MICRO, flood);
    for (int i = 0; i < 40; i++) {
      batch(ping.once());
      run(1_000 * MICRO, flood);
    }
    assertThat(ping.waited()).as("it had credit whenever it came").isZero();
    assertThat(flood.waited()).isEqualTo(ping.nanos());
  }

  @Test
  void countsNoWaitOfAPortThatIsAloneNorForItsOwnWork() {
    Guest alone = new Guest("alone", 3_000 * MICRO);
    for (int i = 0; i < 100; i++) {
      batch(alone);
      event(alone, 200 * MICRO); // as a timer does for one of its flows
    }
    assertThat(alone.waited()).isZero();
  }

  @Test
  void letsOneThatIsAloneWorkAllTheTime() {
    Guest alone = new Guest("alone", 3_000 * MICRO);
    for (int i = 0; i < 100; i++) {
      long before = alone.bursts;
      batch(alone);
      assertThat(alone.bursts).isGreaterThan(before);
    }
    assertThat(alone.nanos()).isEqualTo(clock.nanoTime());
  }

  @Test
  void neverIdlesWhileWorkWaits() {
    Guest expensive = new Guest("expensive", 6_000 * MICRO);
    Guest occasional = new Guest("occasional", 5 * MICRO).once();
    for (int i = 0; i < 10_000; i++) {
      batch(expensive, i % 1_000 == 0 ? occasional.once() : expensive);
    }
    // Where nobody else works, each batch is at least one burst.
    assertThat(expensive.bursts).isGreaterThan(9_000);
  }

  @Test
  void forgetsDebtBeyondABound() {
    Guest suspended = new Guest("suspended", 10_000_000 * MICRO).once();
    batch(suspended);
    Guest other = new Guest("other", 100 * MICRO);
    Guest again = new Guest("again", 100 * MICRO);
    run(1_000 * MICRO, other);
    assertThat(suspended.nanos()).isEqualTo(10_000_000 * MICRO);
    long until = clock.nanoTime() + 3 * Turns.MOST_DEBT;
    while (suspended.bursts == 1 && clock.nanoTime() < until) {
      suspended.left = 0;
      batch(other, again, suspended);
    }
    assertThat(suspended.bursts).isEqualTo(2);
  }

  @Test
  void goesOnAfterWorkThatThrows() {
    LogWatch.expect("loop-task-failed");
    Guest faulty = new Guest("faulty", 100 * MICRO);
    Guest other = new Guest("other", 100 * MICRO);
    run(2_000 * MICRO, faulty, other);
    faulty.throwing = true;
    for (int i = 0; i < 20; i++) {
      batch(other);
    }
    long bursts = other.bursts;
    run(2_000 * MICRO, other, faulty);
    assertThat(other.bursts).isGreaterThan(bursts);
    assertThat(faulty.throwing).isFalse();
  }

  @Test
  void doesWorkThatThrewAgainAtItsNextTurnAndWhatWasReadyBesideItNow() {
    LogWatch.expect("loop-task-failed");
    Guest faulty = new Guest("faulty", 10 * MICRO).once();
    Guest other = new Guest("other", 10 * MICRO).once();
    faulty.throwing = true;
    faulty.turn.ready(faulty); // as an event does: nothing may reach the loop
    other.turn.ready(other);
    assertThat(faulty.bursts).isEqualTo(1);
    assertThat(other.bursts).isEqualTo(1);
    batch();
    assertThat(faulty.bursts).isEqualTo(2);
    assertThat(tasks).isEmpty();
    assertThat(faulty.nanos()).isEqualTo(20 * MICRO);
  }

  @Test
  void endsWorkThatThrowsTimeAndAgainAndServesTheOthers() {
    LogWatch.expect("loop-task-failed .*port=\"faulty\"");
    Guest faulty = new Guest("faulty", 10 * MICRO);
    Guest other = new Guest("other", 100 * MICRO);
    RuntimeException always = new IllegalStateException("on purpose");
    faulty.always = always;
    faulty.turn.ready(faulty);
    run(100_000 * MICRO, other);
    assertThat(faulty.broken).isSameAs(always);
    assertThat(faulty.bursts).isEqualTo(Turns.MOST_FAILURES);
    assertThat(other.bursts).isGreaterThan(900);
    faulty.always = null; // as with a device that was opened again
    batch(faulty.once());
    assertThat(faulty.bursts).isEqualTo(Turns.MOST_FAILURES + 1);
  }

  @Test
  void forgivesWorkThatThrowsNowAndThen() {
    LogWatch.expect("loop-task-failed");
    Guest faulty = new Guest("faulty", 10 * MICRO);
    faulty.turn.ready(faulty);
    for (int i = 0; i < 3 * Turns.MOST_FAILURES; i++) {
      faulty.throwing = true;
      batch();
      while (faulty.throwing) {
        batch();
      }
    }
    assertThat(faulty.broken).isNull();
  }

  @Test
  void endsWorkThatThrowsAnErrorAtOnce() {
    LogWatch.expect("loop-task-failed");
    Guest faulty = new Guest("faulty", 10 * MICRO);
    faulty.always = new AssertionError("on purpose");
    batch(faulty);
    assertThat(faulty.broken).isSameAs(faulty.always);
    assertThat(faulty.bursts).isEqualTo(1);
    assertThat(tasks).isEmpty();
  }

  @Test
  void chargesWhatSomethingElseHasCalledToItsPortAlsoIfItThrows() {
    Guest late = new Guest("late", 0);
    late.turn.charge(() -> clock.advanceNanos(30 * MICRO));
    assertThat(late.nanos()).isEqualTo(30 * MICRO);
    assertThatThrownBy(() ->
            late.turn.charge(() -> {
              clock.advanceNanos(10 * MICRO);
              throw new IllegalStateException("on purpose");
            }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(late.nanos()).isEqualTo(40 * MICRO);
    assertThat(turns.isRunning()).isFalse();
  }

  @Test
  void goesOnChargingThePortWhoseWorkCallsThatOfAnother() {
    Guest asking = new Guest("asking", 0);
    Guest asked = new Guest("asked", 0);
    asking.turn.charge(() -> asked.turn.charge(() -> clock.advanceNanos(30 * MICRO)));
    assertThat(asking.nanos()).isEqualTo(30 * MICRO);
    assertThat(asked.nanos()).isZero();
  }

  @Test
  void chargesWorkThatTurnsOutToBeAnothersToThatOneFromItsBeginningOn() {
    Guest supposed = new Guest("supposed", 0);
    Guest owner = new Guest("owner", 0);
    assertThat(owner.turn.takeOver()).isFalse();
    assertThat(supposed.turn.begin()).isTrue();
    clock.advanceNanos(10 * MICRO);
    assertThat(owner.turn.takeOver()).isTrue();
    clock.advanceNanos(20 * MICRO);
    assertThat(owner.turn.end()).isTrue();
    assertThat(owner.nanos()).isEqualTo(30 * MICRO);
    assertThat(supposed.nanos()).isZero();
    assertThat(turns.isRunning()).isFalse();
  }

  @Test
  void findsTheTurnOfAPortByItsNameWhileItIsAttached() {
    InMemoryPort port = new InMemoryPort("new", Offloads.NONE);
    assertThat(network.turns().named("new")).isNull();
    port.attachTo(network);
    assertThat(network.turns().named("new")).isSameAs(network.turns().of(port));
    network.detach(port);
    assertThat(network.turns().named("new")).isNull();
  }

  @Test
  void keepsNoTurnOfAPortThatIsNotAttached() {
    InMemoryPort port = new InMemoryPort("new", Offloads.NONE);
    assertThat(network.turns().of(port)).isNotSameAs(network.turns().of(port));
    port.attachTo(network);
    Turn own = network.turns().of(port);
    assertThat(network.turns().of(port)).isSameAs(own);
    network.detach(port);
    assertThat(network.turns().of(port)).isNotSameAs(own).isNotSameAs(network.turns().of(port));
  }

  @Test
  void queuesWorkThatBecomesReadyWhileOtherWorkRuns() {
    Guest answered = new Guest("answered", 10 * MICRO).once();
    Guest asking = new Guest("asking", 10 * MICRO).once();
    Work asks =
        new Work() {
          @Override
          protected boolean run() {
            answered.turn.ready(answered);
            assertThat(answered.bursts).isZero();
            return false;
          }

          @Override
          protected void broke(Throwable cause) {}
        };
    asking.turn.ready(asks);
    assertThat(answered.bursts).isZero();
    batch();
    assertThat(answered.bursts).isEqualTo(1);
  }
}
