package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.SteppedClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class ShortageTest {
  private final SteppedClock clock = new SteppedClock();
  private final Shortage shortage = new Shortage(clock);

  /** A refusal; whether the log says it. */
  private boolean refuse(String holder) {
    return shortage.refused() && shortage.say(holder, holder + " holds it");
  }

  private void pass(int seconds) {
    clock.advance(Duration.ofSeconds(seconds));
  }

  @Test
  void itNamesTheHolderThatCountsNow() {
    refuse("p1");
    assertThat(shortage.problem()).isEqualTo("p1 holds it");
    pass(1);
    refuse("p2");
    assertThat(shortage.problem()).isEqualTo("p2 holds it");
    pass(1);
    refuse("p1");
    assertThat(shortage.problem()).isEqualTo("p1 holds it");
  }

  @Test
  void theLogNamesEachHolderOnce() {
    assertThat(refuse("p1")).isTrue();
    assertThat(refuse("p1")).isFalse();
    for (int i = 0; i < 100; i++) {
      pass(1);
      assertThat(refuse("p2")).isEqualTo(i == 0);
      pass(1);
      assertThat(refuse("p1")).isFalse();
    }
  }

  @Test
  void aFloodOfRefusalsMakesOneTextPerSecond() {
    int texts = 0;
    for (int i = 0; i < 1000; i++) {
      if (shortage.refused()) {
        shortage.say("p1", "text " + texts++);
      }
      clock.advance(Duration.ofMillis(10));
    }
    assertThat(texts).isEqualTo(10);
  }

  @Test
  void itIsOverAMinuteAfterTheLastRefusalAndBeginsAnew() {
    refuse("p1");
    pass(59);
    refuse("p1");
    pass(60);
    assertThat(shortage.problem()).isNotEmpty();
    pass(1);
    assertThat(shortage.problem()).isEmpty();
    assertThat(refuse("p1")).isTrue();
  }
}
