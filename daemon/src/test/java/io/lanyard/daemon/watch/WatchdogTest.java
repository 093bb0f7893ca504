package io.lanyard.daemon.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.testing.LogWatch;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class WatchdogTest {
  private long now;
  private final Clock clock =
      new Clock() {
        @Override
        public long nanoTime() {
          return now;
        }

        @Override
        public Instant now() {
          return Instant.EPOCH;
        }
      };

  /** How long the one thread of the test has waited for a processor. */
  private long waited;

  private final Watchdog watchdog =
      new Watchdog(
          clock,
          new ProcessorWaits() {
            @Override
            public long caller() {
              return 1;
            }

            @Override
            public long nanos(long thread) {
              return thread == 1 ? waited : UNKNOWN;
            }
          });
  private final Queue<Runnable> slow = new ArrayDeque<>();

  private boolean round() {
    now += TimeUnit.SECONDS.toNanos(2);
    return watchdog.round();
  }

  private void answer() {
    while (!slow.isEmpty()) {
      slow.remove().run();
    }
  }

  @Test
  void itLivesWhileEveryLoopAnswers() {
    watchdog.watch("quick", Runnable::run);
    watchdog.watch("slow", slow::add);
    assertThat(round()).isTrue();
    answer();
    assertThat(round()).isTrue();
    assertThat(watchdog.problems()).isEmpty();
  }

  @Test
  void oneSilentLoopEndsTheSignsOfLifeUntilItAnswers() {
    LogWatch.expect("event=loop-silent loop=\"slow\"");
    watchdog.watch("quick", Runnable::run);
    watchdog.watch("slow", slow::add);
    assertThat(round()).isTrue();
    for (int i = 0; i < 10; i++) {
      assertThat(round()).isFalse();
    }
    assertThat(watchdog.problems())
        .singleElement()
        .asString()
        .startsWith("slow: it has not answered for 20 s; ");
    assertThat(LogWatch.count("event=loop-silent")).isEqualTo(1);
    answer();
    assertThat(watchdog.problems()).isEmpty();
    assertThat(round()).isTrue();
    assertThat(LogWatch.count("event=loop-answers loop=\"slow\"")).isEqualTo(1);
  }

  @Test
  void aLoopIsAskedOnceUntilItAnswers() {
    watchdog.watch("slow", slow::add);
    round();
    round();
    assertThat(slow).hasSize(1);
  }

  @Test
  void aLoopThatHasEndedIsSilent() {
    watchdog.watch(
        "ended",
        task -> {
          throw new RejectedExecutionException("it has ended");
        });
    round();
    assertThat(round()).isFalse();
    watchdog.forget("ended");
    assertThat(round()).isTrue();
  }

  @Test
  void aSilentDiskIsToldAndDoesNotEndTheProcess() {
    LogWatch.expect("event=loop-silent loop=\"store\" .*state directory");
    watchdog.watchDisk("store", slow::add);
    for (int i = 0; i < 10; i++) {
      assertThat(round()).isTrue();
    }
    assertThat(watchdog.problems())
        .singleElement()
        .asString()
        .startsWith("store: it has not answered for ")
        .contains("disk");
  }

  /** A round, for most of which the test's thread waits for a processor. */
  private boolean starvedRound() {
    waited += TimeUnit.MILLISECONDS.toNanos(1_900);
    return round();
  }

  @Test
  void aLoopWhoseThreadWaitsForAProcessorIsNotSilent() {
    watchdog.watch("slow", slow::add);
    round();
    answer();
    round();
    for (int i = 0; i < 10; i++) {
      assertThat(starvedRound()).isTrue();
      assertThat(watchdog.problems()).isEmpty();
    }
    assertThat(watchdog.delays()).containsEntry("slow", 20.0);
    answer();
    assertThat(starvedRound()).isTrue();
  }

  @Test
  void aLoopThatHadAProcessorForLongEnoughIsSilent() {
    LogWatch.expect("event=loop-silent loop=\"slow\"");
    watchdog.watch("slow", slow::add);
    round();
    answer();
    round();
    for (int i = 0; i < 30; i++) {
      boolean _ = starvedRound();
    }
    assertThat(starvedRound()).isFalse();
    assertThat(watchdog.problems())
        .singleElement()
        .asString()
        .startsWith("slow: it has not answered for 62 s; ");
    assertThat(LogWatch.count("event=loop-silent")).isEqualTo(1);
  }

  @Test
  void theKernelTellsHowLongAThreadHasWaited() {
    long self = ProcessorWaits.OF_KERNEL.caller();
    assertThat(self).isPositive();
    assertThat(ProcessorWaits.OF_KERNEL.nanos(self)).isNotNegative();
    assertThat(ProcessorWaits.OF_KERNEL.nanos(Long.MAX_VALUE)).isEqualTo(ProcessorWaits.UNKNOWN);
  }
}
