package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedClock;
import java.lang.System.Logger.Level;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RateLimitedLogTest {
  private final SteppedClock clock = new SteppedClock();
  private final RateLimitedLog log =
      new RateLimitedLog(System.getLogger(RateLimitedLogTest.class.getName()), clock);

  private void flood(String event, int lines) {
    for (int i = 0; i < lines; i++) {
      int number = i;
      log.log(Level.INFO, event, line -> line.with("number", number));
    }
  }

  @Test
  void ofAFloodABurstIsLoggedAndThenALineAMinuteWithTheRestCounted() {
    flood("flood", 300);
    assertThat(LogWatch.lines()).isEqualTo(50);
    clock.advance(Duration.ofMinutes(1));
    flood("flood", 10);
    assertThat(LogWatch.lines()).isEqualTo(51);
    assertThat(LogWatch.count("event=flood number=\"0\" suppressed=\"250\"")).isEqualTo(1);
  }

  @Test
  void theFloodOfOneEventDoesNotSilenceAnother() {
    flood("flood", 300);
    flood("other", 1);
    assertThat(LogWatch.count("event=other")).isEqualTo(1);
  }

  @Test
  void whatIsNotLoggedIsNotMade() {
    int[] made = {0};
    for (int i = 0; i < 300; i++) {
      log.log(
          Level.INFO,
          "flood",
          line -> {
            made[0]++;
            return line;
          });
    }
    assertThat(made[0]).isEqualTo(50);
  }
}
