package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.SteppedClock;
import io.lanyard.testing.SteppedTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TimerWheelTest {
  private final SteppedTimers timers = new SteppedTimers();
  private final SteppedClock clock = timers.clock();

  @Test
  void neverExpiresEarlyAndAtMostTwoTicksLateAtAnyDelay() {
    SplittableRandom random = new SplittableRandom(1);
    List<String> wrong = new ArrayList<>();
    int[] expired = {0};
    int count = 3000;
    for (int i = 0; i < count; i++) {
      long delay = random.nextLong(1L << random.nextInt(1, 53)); // up to 52 days
      long armedAt = clock.nanoTime();
      long[] due = {armedAt + delay};
      timers
          .create(() -> {
            expired[0]++;
            long late = clock.nanoTime() - due[0];
            if (late < 0 || late > 2 * TimerWheel.TICK_NANOS) {
              wrong.add("delay " + delay + " late " + late);
            }
          })
          .arm(delay);
      if (i % 3 == 0) {
        timers.advance(Duration.ofNanos(random.nextLong(1L << random.nextInt(1, 36))));
      }
    }
    timers.advance(Duration.ofDays(60));
    assertThat(wrong).isEmpty();
    assertThat(expired[0]).isEqualTo(count);
    assertThat(timers.armedCount()).isZero();
  }

  @Test
  void aDelayBeyondTheLastLevelIsKept() {
    int[] runs = {0};
    Timers.Timer timer = timers.create(() -> runs[0]++);
    timer.arm(Duration.ofDays(400).toNanos());
    timers.advance(Duration.ofDays(399));
    assertThat(runs[0]).isZero();
    timers.advance(Duration.ofDays(2));
    assertThat(runs[0]).isEqualTo(1);
  }

  @Test
  void armingAgainMovesTheTimer() {
    int[] runs = {0};
    Timers.Timer timer = timers.create(() -> runs[0]++);
    timer.arm(Duration.ofSeconds(1).toNanos());
    timers.advance(Duration.ofMillis(900));
    timer.arm(Duration.ofSeconds(1).toNanos());
    timers.advance(Duration.ofMillis(900));
    assertThat(runs[0]).isZero();
    assertThat(timer.armed()).isTrue();
    timers.advance(Duration.ofMillis(200));
    assertThat(runs[0]).isEqualTo(1);
    assertThat(timer.armed()).isFalse();
  }

  @Test
  void aCancelledTimerDoesNotExpire() {
    int[] runs = {0};
    Timers.Timer timer = timers.create(() -> runs[0]++);
    timer.arm(1000);
    timer.cancel();
    timer.cancel();
    timers.advance(Duration.ofHours(1));
    assertThat(runs[0]).isZero();
    assertThat(timers.armedCount()).isZero();
  }

  @Test
  void anActionMayArmItselfAndCancelOthers() {
    List<Long> at = new ArrayList<>();
    Timers.Timer victim = timers.create(() -> at.add(-1L));
    Timers.Timer[] self = new Timers.Timer[1];
    self[0] =
        timers.create(() -> {
          at.add(clock.nanoTime());
          victim.cancel();
          if (at.size() < 5) {
            self[0].arm(0);
          }
        });
    self[0].arm(10);
    victim.arm(10);
    timers.advance(Duration.ofSeconds(1));
    assertThat(at).hasSize(5).doesNotHaveDuplicates().doesNotContain(-1L);
  }

  @Test
  void anActionThatThrowsIsToldAndDoesNotStopTheOthers() {
    List<Throwable> failures = new ArrayList<>();
    List<Long> alarms = new ArrayList<>();
    TimerWheel wheel = new TimerWheel(clock, alarms::add, failures::add);
    int[] runs = {0};
    RuntimeException exception = new IllegalStateException("on purpose");
    Error error = new AssertionError("on purpose");
    wheel
        .create(() -> {
          throw exception;
        })
        .arm(5);
    wheel
        .create(() -> {
          throw error;
        })
        .arm(5);
    wheel.create(() -> runs[0]++).arm(5);
    wheel.create(() -> runs[0]++).arm(500_000_000);
    clock.advance(Duration.ofMillis(3));
    alarms.clear();
    wheel.expire();
    assertThat(failures).containsExactly(exception, error);
    assertThat(runs[0]).isEqualTo(1);
    assertThat(alarms).hasSize(1); // for the last one
    clock.advance(Duration.ofSeconds(1));
    wheel.expire();
    assertThat(runs[0]).isEqualTo(2);
  }

  @Test
  void asksForAWakeUpOnlyWhenAnEarlierTickHasWork() {
    List<Long> alarms = new ArrayList<>();
    TimerWheel wheel = new TimerWheel(clock, alarms::add, failure -> {});
    Timers.Timer timer = wheel.create(() -> {});
    for (int i = 0; i < 100; i++) {
      timer.arm(Duration.ofMillis(200 + i).toNanos());
    }
    assertThat(alarms).hasSize(1);
    timer.cancel();
    clock.advance(Duration.ofSeconds(1));
    wheel.expire();
    assertThat(alarms).hasSize(1);
    assertThat(wheel.nextDelayNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void aLongSleepIsCaughtUpInOrder() {
    TimerWheel wheel = new TimerWheel(clock, delay -> {}, failure -> {});
    List<Integer> order = new ArrayList<>();
    for (int i = 50; i > 0; i--) {
      int n = i;
      wheel.create(() -> order.add(n)).arm(Duration.ofSeconds(7L * n).toNanos());
    }
    clock.advance(Duration.ofDays(1));
    wheel.expire();
    assertThat(order).hasSize(50).isSorted();
  }
}
