package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StartingPartsTest {
  private final SteppedClock clock = new SteppedClock();
  private final StartingParts parts = new StartingParts("a", clock);
  private final List<String> started = new ArrayList<>();
  private String lacking = "no memory";

  private void startGateway() {
    if (!lacking.isEmpty()) {
      throw new IllegalStateException(lacking);
    }
    started.add("gateway");
  }

  private void startAll() {
    parts.add("its gateway", this::startGateway);
    parts.add("its switch", () -> started.add("switch"));
    parts.start();
  }

  @Test
  void aPartThatCannotStartIsAProblemAndKeepsNoOtherFromIt() {
    LogWatch.expect("event=network-failed network=\"a\" part=\"its gateway\"");
    startAll();
    assertThat(started).containsExactly("switch");
    assertThat(parts.problems())
        .containsExactly("its gateway cannot run: no memory; it is tried again by itself");
  }

  @Test
  void itIsTriedAgainLessAndLessOftenAndTheProblemGoesWithTheFirstSuccess() {
    LogWatch.expect("event=network-failed");
    startAll();
    List<Long> tries = new ArrayList<>();
    for (long second = 1; second <= 300; second++) {
      clock.advance(Duration.ofSeconds(1));
      if (parts.isDue()) {
        parts.startAgain();
        tries.add(second);
      }
    }
    assertThat(tries).containsExactly(1L, 3L, 7L, 15L, 31L, 63L, 123L, 183L, 243L);
    assertThat(LogWatch.count("event=network-failed")).isEqualTo(1);
    lacking = "";
    clock.advance(Duration.ofMinutes(1));
    parts.startAgain();
    assertThat(started).containsExactly("switch", "gateway");
    assertThat(parts.problems()).isEmpty();
    assertThat(LogWatch.count("event=network-recovered")).isEqualTo(1);
    clock.advance(Duration.ofHours(1));
    assertThat(parts.isDue()).isFalse();
  }

  @Test
  void anotherCauseIsSaid() {
    LogWatch.expect("event=network-failed");
    startAll();
    lacking = "no descriptors";
    parts.startAgain();
    assertThat(parts.problems()).singleElement().asString().contains("no descriptors");
    assertThat(LogWatch.count("event=network-failed")).isEqualTo(2);
  }
}
