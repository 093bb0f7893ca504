package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class RecentCountTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final RecentCount count = new RecentCount();

  @Test
  void anEventCountsForAMinuteAndNoLonger() {
    assertThat(count.count(0)).isZero();
    count.event(-SECOND);
    count.event(10 * SECOND);
    assertThat(count.count(54 * SECOND)).isEqualTo(2);
    assertThat(count.count(59 * SECOND)).isEqualTo(1);
    assertThat(count.count(70 * SECOND)).isZero();
    count.event(200 * SECOND);
    count.events(44, 201 * SECOND);
    assertThat(count.count(201 * SECOND)).isEqualTo(45);
    assertThat(count.count(270 * SECOND)).isZero();
  }

  /** A hundred in two hours are no hundred within a minute. */
  @Test
  void eventsThatGoOnForLongDoNotAddUp() {
    for (int i = 0; i < 1000; i++) {
      count.event(i * 50L * SECOND);
      assertThat(count.count(i * 50L * SECOND)).isLessThanOrEqualTo(2);
    }
  }

  @Test
  void aHundredThousandRandomEventsAreCountedAsOneByOne() {
    SplittableRandom random = new SplittableRandom(5);
    Deque<Long> minute = new ArrayDeque<>();
    long now = random.nextLong();
    for (int i = 0; i < 100_000; i++) {
      now += random.nextLong(random.nextInt(100) == 0 ? 100 * SECOND : 2 * SECOND);
      count.event(now);
      minute.add(now);
      while (now - minute.getFirst() > 60 * SECOND) {
        minute.removeFirst();
      }
      long present = now;
      long sure = minute.stream().filter(at -> present - at < 55 * SECOND).count();
      assertThat(count.count(now)).isBetween(sure, (long) minute.size());
    }
  }
}
