package io.lanyard.daemon.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.control.api.EventInfo;
import io.lanyard.control.api.EventType;
import io.lanyard.testing.SteppedClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A source that never stops has few events, and its last ones. */
@Timeout(240)
class EventLimitsTest {
  private final SteppedClock clock = new SteppedClock();
  private final EventBus bus = new EventBus(clock, "r");
  private final EventBus.Reader heard = bus.read("");

  private static void changed(EventBus bus, String port, String to) {
    bus.publishOf(
        port, EventType.PORT_CHANGED, "lab", port, Map.of("from", "", "to", to, "problem", ""));
  }

  private void lease(EventType type, int address) {
    bus.publishOf(
        "p", type, "lab", "10.0.0." + address, Map.of("mac", "", "hostname", "", "state", "bound"));
  }

  private List<EventInfo> drain(int seconds) throws Exception {
    List<EventInfo> all = new ArrayList<>();
    for (int i = 0; i < seconds; i++) {
      clock.advance(Duration.ofSeconds(1));
      all.addAll(heard.next(0));
    }
    return all;
  }

  private static List<String> words(List<EventInfo> events) {
    return events.stream().map(event -> event.type() + " " + event.subject()).toList();
  }

  @Test
  void eachEventIsToldOrCounted() throws Exception {
    long told = 0;
    long leftOut = 0;
    List<EventInfo> all = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      changed(bus, "p", "state" + i);
      clock.advance(Duration.ofMillis(i % 7));
      all.addAll(heard.next(0));
    }
    all.addAll(drain(2));
    for (EventInfo event : all) {
      told += event.type().equals("port-changed") ? 1 : 0;
      leftOut += Long.parseLong(event.data().getOrDefault("leftOut", "0"));
    }
    assertThat(told + leftOut).isEqualTo(3000);
    assertThat(told).isLessThan(EventLimits.BURST + EventLimits.PER_SECOND * 12L);
    assertThat(all.reversed())
        .filteredOn(event -> event.type().equals("port-changed"))
        .first()
        .satisfies(event -> assertThat(event.data()).containsEntry("to", "state2999"));
    assertThat(drain(10)).isEmpty();
  }

  @Test
  void whatIsLeftOutNamesItsSource() throws Exception {
    for (int i = 0; i < EventLimits.BURST + 3; i++) {
      changed(bus, "p", "state" + i);
    }
    assertThat(heard.next(0)).hasSize(EventLimits.BURST);
    List<EventInfo> rest = drain(2);
    assertThat(words(rest)).containsExactly("port-changed p", "events-left-out p");
    assertThat(rest.getLast().network()).isEqualTo("lab");
    assertThat(rest.getLast().data()).isEqualTo(Map.of("of", "port", "leftOut", "2"));
  }

  @Test
  void oneSourceDelaysNeitherAnotherNorItsOwnEventsOfAnotherKind() throws Exception {
    for (int i = 0; i < 1000; i++) {
      lease(EventType.LEASE_CHANGED, i % 100);
    }
    assertThat(heard.next(0)).hasSize(EventLimits.BURST);
    changed(bus, "p", "up");
    changed(bus, "q", "up");
    assertThat(words(heard.next(0))).containsExactly("port-changed p", "port-changed q");
  }

  @Test
  void whatWaitsIsToldInTheOrderOfTheLastEvents() throws Exception {
    for (int i = 0; i < EventLimits.BURST; i++) {
      lease(EventType.LEASE_CHANGED, 1);
    }
    lease(EventType.LEASE_REMOVED, 1);
    lease(EventType.LEASE_ADDED, 2);
    lease(EventType.LEASE_ADDED, 1);
    lease(EventType.LEASE_REMOVED, 1);
    assertThat(heard.next(0)).hasSize(EventLimits.BURST);
    assertThat(words(drain(1)))
        .containsExactly(
            "lease-added 10.0.0.2",
            "lease-added 10.0.0.1",
            "lease-removed 10.0.0.1",
            "events-left-out p");
  }

  @Test
  void aSourceOfManySubjectsKeepsFewOfThemWaiting() throws Exception {
    for (int i = 0; i < 100_000; i++) {
      lease(EventType.LEASE_ADDED, i);
    }
    List<EventInfo> all = new ArrayList<>(heard.next(0));
    all.addAll(drain(100));
    assertThat(all).hasSizeLessThan(2 * (EventLimits.BURST + EventLimits.MOST_WAITING));
    assertThat(words(all)).contains("lease-added 10.0.0.99999");
  }

  @Test
  void aNetworkThatIsGoneHasNothingThatWaits() throws Exception {
    for (int i = 0; i < 1000; i++) {
      changed(bus, "p", "state" + i);
    }
    bus.publish(EventType.NETWORK_REMOVED, "lab", "", Map.of());
    assertThat(heard.next(0)).hasSize(EventLimits.BURST + 1);
    assertThat(drain(3)).isEmpty();
  }

  @Test
  void aReaderThatWaitsHearsWhatWaitsWhenItsTimeHasCome() throws Exception {
    EventBus now = new EventBus(Clock.system(), "r");
    try (EventBus.Reader reader = now.read("")) {
      for (int i = 0; i < EventLimits.BURST + 1; i++) {
        changed(now, "p", "state" + i);
      }
      assertThat(reader.next(0)).hasSize(EventLimits.BURST);
      assertThat(words(reader.next(TimeUnit.SECONDS.toNanos(30))))
          .containsExactly("port-changed p");
    }
  }

  @Test
  void theEndOfTheBusTellsWhatWaits() throws Exception {
    for (int i = 0; i < EventLimits.BURST + 1; i++) {
      changed(bus, "p", "state" + i);
    }
    bus.close();
    assertThat(heard.next(0)).hasSize(EventLimits.BURST + 1);
    assertThat(heard.isEnded()).isTrue();
  }
}
