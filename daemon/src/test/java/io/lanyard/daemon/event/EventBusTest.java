package io.lanyard.daemon.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.base.Clock;
import io.lanyard.control.api.EventInfo;
import io.lanyard.control.api.EventType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
class EventBusTest {
  private static final long NOW = 0;
  private static final long LONG = TimeUnit.SECONDS.toNanos(30);

  private final EventBus bus = new EventBus(Clock.system(), "run1");

  private void publish(int from, int to) {
    for (int i = from; i < to; i++) {
      bus.publish(EventType.PORT_REMOVED, "vmnet8", "10.0.0." + i, Map.of());
    }
  }

  private static List<String> subjects(List<EventInfo> events) {
    return events.stream().map(EventInfo::subject).toList();
  }

  @Test
  void aReaderHearsWhatComesAfterIt() throws Exception {
    publish(0, 3);
    try (EventBus.Reader reader = bus.read("")) {
      assertThat(reader.resumed()).isFalse();
      assertThat(reader.next(NOW)).isEmpty();
      publish(3, 5);
      assertThat(subjects(reader.next(NOW))).containsExactly("10.0.0.3", "10.0.0.4");
      assertThat(reader.next(NOW)).isEmpty();
    }
  }

  @Test
  void aReaderThatComesBackMissesNothingAndGetsNothingTwice() throws Exception {
    String last;
    try (EventBus.Reader reader = bus.read("")) {
      publish(0, 2);
      last = reader.next(NOW).getLast().id();
    }
    publish(2, 4);
    try (EventBus.Reader again = bus.read(last)) {
      assertThat(again.resumed()).isTrue();
      assertThat(subjects(again.next(NOW))).containsExactly("10.0.0.2", "10.0.0.3");
    }
  }

  @Test
  void aReaderOfAnotherRunOrOfNothingThatWasStartsAnew() {
    publish(0, 2);
    for (String id : List.of("run0-1", "run1-99", "run1-", "run1-x", "1", "run1-01", "run1-0")) {
      try (EventBus.Reader reader = bus.read(id)) {
        assertThat(reader.resumed()).as(id).isFalse();
      }
    }
  }

  @Test
  void aReaderThatDoesNotReadIsToldWhatItHasMissedAndGoesOn() throws Exception {
    try (EventBus.Reader reader = bus.read("")) {
      publish(0, EventBus.KEPT + 7);
      assertThatThrownBy(() -> reader.next(NOW))
          .isInstanceOfSatisfying(
              MissedException.class, missed -> assertThat(missed.count()).isEqualTo(7));
      publish(1, 2);
      assertThat(subjects(reader.next(NOW))).containsExactly("10.0.0.1");
    }
  }

  @Test
  void theLastThousandsCanBeReadAgain() throws Exception {
    publish(0, 10);
    EventBus.Reader first = bus.read("run1-3");
    assertThat(first.next(NOW)).hasSize(7);
    publish(10, 10 + EventBus.KEPT);
    assertThat(bus.read("run1-3").resumed()).isFalse();
    assertThat(bus.read("run1-10").resumed()).isTrue();
    assertThat(bus.read("run1-10").next(NOW)).hasSize(EventBus.KEPT);
  }

  @Test
  void manyWritersLoseNothingForAReaderThatWaits() throws Exception {
    int writers = 4;
    int each = 1000;
    List<String> heard = new ArrayList<>();
    try (EventBus.Reader reader = bus.read("")) {
      Thread[] threads = new Thread[writers];
      for (int w = 0; w < writers; w++) {
        int from = w * each;
        threads[w] = Thread.ofVirtual().start(() -> publish(from, from + each));
      }
      while (heard.size() < writers * each) {
        List<EventInfo> some = reader.next(LONG);
        assertThat(some).isNotEmpty();
        some.forEach(event -> heard.add(event.id()));
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
    assertThat(heard).doesNotHaveDuplicates().hasSize(writers * each);
  }

  @Test
  void aClosedBusEndsThoseWhoWait() throws Exception {
    try (EventBus.Reader reader = bus.read("")) {
      Thread closes = Thread.ofVirtual().start(bus::close);
      assertThat(reader.next(LONG)).isEmpty();
      assertThat(reader.isEnded()).isTrue();
      closes.join();
    }
    assertThat(bus.readers()).isZero();
  }
}
