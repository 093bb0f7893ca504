package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RunningTimeoutTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final List<Long> waits = new ArrayList<>();

  private boolean waits(long nanos, boolean there) {
    waits.add(nanos);
    return there;
  }

  private long waited() {
    return waits.stream().mapToLong(Long::longValue).sum();
  }

  @Test
  void whatNeverComesIsWaitedForAsLongAsTheTimeoutIs() {
    assertThat(new RunningTimeout(SECOND).await(nanos -> waits(nanos, false))).isFalse();
    assertThat(waited()).isEqualTo(SECOND.toNanos());
  }

  /** The whole process stands still in the first step, and longer than the timeout. */
  @Test
  void aProcessThatStoodStillWaitsOnForWhatCouldNotComeMeanwhile() {
    assertThat(new RunningTimeout(SECOND).await(nanos -> waits(nanos, waits.size() == 2))).isTrue();
    assertThat(waited()).isLessThan(SECOND.toNanos() / 2);
  }

  @Test
  void severalWaitsShareTheTimeout() {
    RunningTimeout timeout = new RunningTimeout(SECOND);
    assertThat(timeout.await(nanos -> waits(nanos, waits.size() == 11))).isTrue();
    assertThat(timeout.await(nanos -> waits(nanos, false))).isFalse();
    assertThat(timeout.await(nanos -> waits(nanos, true))).as("what is there").isTrue();
    assertThat(waits.getLast()).isZero();
    // The step in which the first wait ended is not lost.
    assertThat(waited()).isEqualTo(SECOND.toNanos() + SECOND.toNanos() / 20);
  }
}
