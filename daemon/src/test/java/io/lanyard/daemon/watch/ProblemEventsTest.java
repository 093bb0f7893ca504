package io.lanyard.daemon.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.control.api.EventInfo;
import io.lanyard.daemon.event.EventBus;
import io.lanyard.testing.LogWatch;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class ProblemEventsTest {
  private final EventBus bus = new EventBus(Clock.system(), "r");
  private final EventBus.Reader heard = bus.read("");
  private List<String> present = List.of();
  private final ProblemEvents events = new ProblemEvents(bus, () -> present);

  private List<String> look(String... problems) throws Exception {
    present = List.of(problems);
    events.look();
    return heard.next(0).stream().map(ProblemEventsTest::text).toList();
  }

  private static String text(EventInfo event) {
    return event.type() + " " + event.data().get("problem");
  }

  @Test
  void eachBeginningAndEachEndIsToldOnce() throws Exception {
    assertThat(look()).isEmpty();
    assertThat(look("a: is lost", "b: is full"))
        .containsExactly("problem-began a: is lost", "problem-began b: is full");
    assertThat(look("b: is full", "a: is lost")).isEmpty();
    assertThat(look("b: is full", "c: hangs"))
        .containsExactly("problem-began c: hangs", "problem-over a: is lost");
    assertThat(look()).containsExactly("problem-over b: is full", "problem-over c: hangs");
    assertThat(look()).isEmpty();
  }

  @Test
  void theCountIsThatOfTheLastLook() throws Exception {
    assertThat(events.count()).as("nobody has looked").isNaN();
    assertThat(look("a: is lost", "b: is full")).hasSize(2);
    assertThat(events.count()).isEqualTo(2);
    assertThat(look()).hasSize(2);
    assertThat(events.count()).isZero();
  }

  @Test
  void aLookThatFailsIsToldOnceAndTheNextOneIsMade() {
    LogWatch.expect("problem-events-failed");
    AtomicInteger looks = new AtomicInteger();
    ProblemEvents failing =
        new ProblemEvents(
            bus,
            () -> {
              if (looks.incrementAndGet() < 3) {
                throw new IllegalStateException("no problems today");
              }
              return List.of("a: is lost");
            });
    assertThat(failing.tryLook()).isFalse();
    assertThat(failing.tryLook()).isFalse();
    assertThat(failing.count()).isNaN();
    assertThat(failing.tryLook()).isTrue();
    assertThat(failing.count()).isEqualTo(1);
  }

  @Test
  void aProblemInOtherNumbersIsTheSame() throws Exception {
    assertThat(look("a: holds 5 of 10")).hasSize(1);
    assertThat(look("a: holds 6 of 10")).isEmpty();
    assertThat(look("a: holds 6 of 10", "a: holds 7 of 10"))
        .containsExactly("problem-began a: holds 7 of 10");
    assertThat(look("a: holds 9 of 10")).containsExactly("problem-over a: holds 6 of 10");
    assertThat(look()).containsExactly("problem-over a: holds 9 of 10");
  }
}
