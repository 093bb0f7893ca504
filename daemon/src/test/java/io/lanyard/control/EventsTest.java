package io.lanyard.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.api.EventType;
import io.lanyard.control.client.EventReader;
import io.lanyard.control.client.HttpClient;
import io.lanyard.daemon.Daemon;
import io.lanyard.testing.Pauses;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The daemon's events as a client of the API hears them. */
@Timeout(240)
final class EventsTest {
  private static final int EVENTS = 3000;

  @TempDir Path home;
  private Daemon daemon;
  private ServedDaemon served;
  private HttpClient client;

  @BeforeEach
  void open() throws Exception {
    served = ServedDaemon.open(home, "version: 1\nnetworks: {a: {mode: isolated}}\n");
    daemon = served.daemon();
    client = served.client();
  }

  @AfterEach
  void close() {
    served.close();
  }

  private HttpClient.Answer subscribe(String last) throws IOException {
    return client.send(
        "GET", "/v1/events?type=guest-noted", Map.of("Last-Event-ID", last), new byte[0]);
  }

  private static EventReader events(HttpClient.Answer answer) {
    return new EventReader(new BufferedInputStream(answer.body()));
  }

  private void publish(int number) {
    daemon
        .events()
        .publish(EventType.GUEST_NOTED, "a", Integer.toString(number), Map.of("note", "x"));
  }

  @Test
  void noEventIsLostOrDoubledAcrossReconnects() throws Exception {
    SplittableRandom random = new SplittableRandom(5);
    List<Integer> heard = new ArrayList<>();
    String last;
    try (HttpClient.Answer first = subscribe("")) {
      EventReader.Event snapshot = events(first).next();
      assertThat(snapshot.type()).isEqualTo("snapshot");
      last = snapshot.id();
    }
    Thread publisher =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 0; i < EVENTS; i++) {
                publish(i);
              }
            });
    while (heard.size() < EVENTS) {
      int most = 1 + random.nextInt(200);
      try (HttpClient.Answer answer = subscribe(last)) {
        EventReader reader = events(answer);
        for (int i = 0; i < most && heard.size() < EVENTS; i++) {
          EventReader.Event event = reader.next();
          assertThat(event).isNotNull();
          assertThat(event.type()).isEqualTo("guest-noted");
          heard.add(Integer.parseInt(event.data().replaceAll(".*\"subject\":\"(\\d+)\".*", "$1")));
          last = event.id();
        }
      }
    }
    publisher.join();
    assertThat(heard).containsExactlyElementsOf(IntStream.range(0, EVENTS).boxed().toList());
  }

  @Test
  void aReaderThatDoesNotReadHoldsUpNobody() throws Exception {
    try (HttpClient.Answer idle = subscribe("");
        HttpClient.Answer busy = subscribe("");
        Pauses pauses = new Pauses()) {
      EventReader reader = events(busy);
      assertThat(reader.next().type()).isEqualTo("snapshot");
      long slowest = 0;
      for (int i = 0; i < EVENTS; i++) {
        long began = System.nanoTime();
        publish(i);
        slowest = Math.max(slowest, System.nanoTime() - began - pauses.nanosSince(began));
        assertThat(reader.next().data()).contains("\"subject\":\"" + i + "\"");
      }
      assertThat(slowest).isLessThan(TimeUnit.SECONDS.toNanos(5));
      assertThat(idle.status()).isEqualTo(200);
    }
  }

  @Test
  void aReaderOfAnotherRunGetsASnapshot() throws Exception {
    try (HttpClient.Answer answer = subscribe("otherrun-17")) {
      assertThat(events(answer).next().type()).isEqualTo("snapshot");
    }
  }
}
