package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedClock;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ResourceBundle;
import org.junit.jupiter.api.Test;

class RateLimitedLogTest {
  private final SteppedClock clock = new SteppedClock();
  private final RateLimitedLog log =
      new RateLimitedLog(System.getLogger(RateLimitedLogTest.class.getName()), clock);

  /** Takes every line and keeps none. */
  private static final class NoLogger implements System.Logger {
    @Override
    public String getName() {
      return "none";
    }

    @Override
    public boolean isLoggable(Level level) {
      return true;
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String text, Throwable thrown) {}

    @Override
    public void log(Level level, ResourceBundle bundle, String format, Object... values) {}
  }

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
  void theFloodOfOneSourceDoesNotSilenceAnother() {
    LogWatch.expect("event=flood");
    for (String source : new String[] {"evil", "honest"}) {
      for (int i = 0; i < 300; i++) {
        log.log(Level.WARNING, "flood", source, line -> line.with("port", source));
        log.log(Level.INFO, "news", source, line -> line.with("port", source));
      }
    }
    log.log(Level.WARNING, "flood", line -> line);
    for (String source : new String[] {"evil", "honest"}) {
      assertThat(LogWatch.count("event=flood port=\"" + source)).isEqualTo(1);
      assertThat(LogWatch.count("event=news port=\"" + source)).isEqualTo(50);
    }
    assertThat(LogWatch.count("event=flood")).isEqualTo(3);
    clock.advance(Duration.ofMinutes(1));
    log.log(Level.WARNING, "flood", "evil", line -> line.with("port", "evil"));
    assertThat(LogWatch.count("event=flood port=\"evil\" suppressed=\"299\"")).isEqualTo(1);
  }

  @Test
  void sourcesThatAreSilentAreForgotten() {
    RateLimitedLog quiet = new RateLimitedLog(new NoLogger(), clock);
    for (int minute = 0; minute < 20; minute++) {
      for (int i = 0; i < 1000; i++) {
        quiet.log(Level.WARNING, "flood", minute + "-" + i, line -> line);
      }
      clock.advance(Duration.ofMinutes(1));
    }
    assertThat(quiet.known()).isLessThanOrEqualTo(4096);
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
