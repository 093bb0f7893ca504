package io.lanyard.control.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.lanyard.testing.Await;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(240)
final class EventStreamTest {
  private static final String SUBSCRIBE = "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n";

  @TempDir Path directory;
  private TestServer server;

  /** A source that a test feeds. */
  private static final class FakeSource implements EventSource {
    final List<Reader> readers = new CopyOnWriteArrayList<>();
    final List<String> positions = new CopyOnWriteArrayList<>();

    @Override
    public Subscription subscribe(String lastEventId, Reader reader) {
      positions.add(lastEventId);
      reader.take(ServerEvent.of("0", "snapshot", Map.of("n", 0)));
      readers.add(reader);
      return () -> readers.remove(reader);
    }

    void publish(int id, String text) {
      ServerEvent event = ServerEvent.of(Integer.toString(id), "port", Map.of("text", text));
      readers.forEach(reader -> reader.take(event));
    }
  }

  private final FakeSource source = new FakeSource();

  @BeforeEach
  void open() throws IOException {
    Routes routes =
        new Routes("see /v1/events")
            .add(
                "GET",
                "/v1/events",
                request -> new Response.Events(source, request.header("last-event-id")))
            .add(
                "GET",
                "/v1/broken",
                request ->
                    new Response.Events(
                        (id, reader) -> {
                          throw new IllegalStateException("no events");
                        },
                        ""));
    server = new TestServer(directory, routes);
  }

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void aReaderGetsTheSnapshotAndThenEveryEvent() throws IOException {
    try (SocketChannel client = server.connect()) {
      TestServer.say(client, SUBSCRIBE);
      assertThat(TestServer.hear(client, "{\"n\":0}\n\n"))
          .startsWith("HTTP/1.1 200 ")
          .containsIgnoringCase("content-type: text/event-stream\r\n")
          .containsIgnoringCase("cache-control: no-store\r\n")
          .contains("retry: 1000\n\n", "id: 0\nevent: snapshot\n");
      Await.until(() -> source.readers.size() == 1);
      source.publish(1, "one\ntwo");
      source.publish(2, "three");
      assertThat(TestServer.hear(client, "three\"}\n\n"))
          .contains("id: 1\nevent: port\ndata: {\"text\":\"one\\ntwo\"}\n\n")
          .contains("id: 2\nevent: port\ndata: {\"text\":\"three\"}\n\n");
    }
    Await.until(source.readers::isEmpty);
    assertThat(server.failures).isEmpty();
  }

  @Test
  void thePositionOfAReaderReachesTheSource() throws IOException {
    try (SocketChannel client = server.connect()) {
      TestServer.say(client, "GET /v1/events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 41\r\n\r\n");
      TestServer.hear(client, "snapshot");
    }
    assertThat(source.positions).containsExactly("41");
  }

  @Test
  void aReaderThatDoesNotReadIsDroppedAndTold() throws IOException {
    try (SocketChannel idle = server.connect();
        SocketChannel busy = server.connect()) {
      TestServer.say(idle, SUBSCRIBE);
      TestServer.hear(idle, "snapshot");
      TestServer.say(busy, SUBSCRIBE);
      TestServer.hear(busy, "snapshot");
      Await.until(() -> source.readers.size() == 2);
      int id = 0;
      while (source.readers.size() == 2 && id < 10_000) {
        source.publish(++id, "x".repeat(1000));
        assertThat(TestServer.hear(busy, "x\"}\n\n")).contains("id: " + id + "\n");
      }
      assertThat(source.readers).hasSize(1);
      assertThat(TestServer.hear(idle, "the end of the connection"))
          .contains("event: overflow\ndata: {\"hint\":")
          .endsWith("\n\n\r\n0\r\n\r\n");
      source.publish(++id, "the end");
      assertThat(TestServer.hear(busy, "the end\"}\n\n")).contains("id: " + id + "\n");
    }
    assertThat(server.failures).isEmpty();
  }

  @Test
  void aReaderThatLeavesCostsNothing() throws IOException {
    for (int i = 0; i < 50; i++) {
      try (SocketChannel client = server.connect()) {
        TestServer.say(client, SUBSCRIBE);
        TestServer.hear(client, "snapshot");
      }
    }
    Await.until(source.readers::isEmpty);
    assertThat(server.failures).isEmpty();
  }

  @Test
  void aSnapshotMayBeLongerThanWhatAReaderMayLeave() throws IOException {
    try (SocketChannel client = server.connect()) {
      TestServer.say(client, SUBSCRIBE);
      TestServer.hear(client, "snapshot");
      Await.until(() -> source.readers.size() == 1);
      int length = 2 * EventStream.MOST_HELD;
      source.publish(1, "y".repeat(length));
      assertThat(TestServer.hear(client, "\"}\n\n").length()).isGreaterThan(length);
    }
  }

  @Test
  void aSourceThatFailsEndsTheStream() throws IOException {
    String answer = server.ask("GET /v1/broken HTTP/1.1\r\nHost: x\r\n\r\n");
    assertThat(answer).doesNotContain("snapshot");
    try (SocketChannel client = server.connect()) {
      TestServer.say(client, "GET /v1/broken HTTP/1.1\r\nHost: x\r\n\r\n");
      TestServer.hear(client, "never");
    }
    Await.until(() -> !server.failures.isEmpty());
    assertThat(server.failures.getFirst()).hasMessage("no events");
  }

  @Test
  void aSourceThatEndsEndsTheStreamBehindItsEvents() throws IOException {
    try (SocketChannel client = server.connect()) {
      TestServer.say(client, SUBSCRIBE);
      TestServer.hear(client, "snapshot");
      Await.until(() -> source.readers.size() == 1);
      EventSource.Reader reader = source.readers.getFirst();
      source.publish(1, "last");
      reader.end();
      assertThat(reader.take(ServerEvent.of("2", "port", Map.of()))).isFalse();
      assertThat(TestServer.hear(client, "the end of the connection"))
          .contains("{\"text\":\"last\"}")
          .endsWith("\n\n\r\n0\r\n\r\n");
    }
    Await.until(source.readers::isEmpty);
    assertThat(server.failures).isEmpty();
  }

  @Test
  void aSourceMayWaitUntilTheClientHasRead() throws Exception {
    int most = 50_000;
    try (SocketChannel client = server.connect()) {
      TestServer.say(client, SUBSCRIBE);
      TestServer.hear(client, "snapshot");
      Await.until(() -> source.readers.size() == 1);
      EventSource.Reader reader = source.readers.getFirst();
      Thread publisher =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  for (int i = 1; i <= most && reader.awaitRoom(); i++) {
                    source.publish(i, "x");
                  }
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      assertThat(TestServer.hear(client, "id: " + most + "\n")).doesNotContain("overflow");
      publisher.join();
    }
    Await.until(source.readers::isEmpty);
  }

  @Test
  void aSourceWaitsNoLongerForAClientThatHasLeft() throws Exception {
    EventSource.Reader reader;
    try (SocketChannel client = server.connect()) {
      TestServer.say(client, SUBSCRIBE);
      TestServer.hear(client, "snapshot");
      Await.until(() -> source.readers.size() == 1);
      reader = source.readers.getFirst();
    }
    Await.until(source.readers::isEmpty);
    assertThat(reader.awaitRoom()).isFalse();
  }

  @Test
  void aSourceWaitsForAWhileOnly() throws Exception {
    EmbeddedChannel channel = new EmbeddedChannel();
    EventStream stream = new EventStream(channel, Duration.ofSeconds(15), Duration.ofMillis(20));
    channel.pipeline().addLast(stream);
    ServerEvent event = ServerEvent.of("1", "a", Map.of("text", "x".repeat(100_000)));
    assertThat(stream.take(event)).isTrue();
    assertThat(stream.awaitRoom()).isTrue();
    assertThat(stream.take(event)).isTrue();
    assertThat(stream.awaitRoom()).isFalse();
    assertThat(stream.take(event)).isFalse();
    channel.runPendingTasks();
    StringBuilder sent = new StringBuilder();
    for (Object out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
      ByteBuf bytes = ((ByteBufHolder) out).content();
      sent.append(bytes.toString(ISO_8859_1));
      bytes.release();
    }
    assertThat(sent).startsWith("retry: 1000").contains("event: overflow").doesNotContain("xxx");
    assertThat(channel.isActive()).isFalse();
    channel.finish();
  }

  @Test
  void theHeadOfAStreamSubscribesNobody() throws IOException {
    assertThat(server.ask("HEAD /v1/events HTTP/1.1\r\nHost: x\r\n\r\n"))
        .startsWith("HTTP/1.1 200 ")
        .containsIgnoringCase("text/event-stream");
    assertThat(source.positions).isEmpty();
  }

  @Test
  void anEventsFieldsAreOneLineEach() {
    assertThatIllegalArgumentException().isThrownBy(() -> ServerEvent.of("1\n2", "a", Map.of()));
    assertThatIllegalArgumentException().isThrownBy(() -> ServerEvent.of("1", "a\r", Map.of()));
  }
}
