package io.lanyard.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.Await;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Answers without an end leave places for requests, and hold nothing when they are not sent. */
@Timeout(240)
final class StreamLimitsTest {
  private static final String HELLO = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
  private static final String EVENTS = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";
  private static final String LOAN = "GET /loan HTTP/1.1\r\nHost: x\r\n\r\n";

  /** No client is late by the server's clock, however late a busy machine lets it speak. */
  private static final Limits LIMITS = new Limits(20, 2, 5, Duration.ofMinutes(2));

  @TempDir Path directory;
  private TestServer server;
  private final AtomicInteger lent = new AtomicInteger();
  private final List<SocketChannel> open = new ArrayList<>();

  @BeforeEach
  void open() throws IOException {
    EventSource silent = (last, reader) -> () -> {};
    Routes routes =
        new Routes("see /hello")
            .add("GET", "/hello", request -> Response.text("text/plain", "hello"))
            .add("GET", "/events", request -> new Response.Events(silent, ""))
            .add("GET", "/loan", request -> new Response.Stream("x/y", new Loan(lent)));
    server = new TestServer(directory, routes, LIMITS);
  }

  @AfterEach
  void close() throws IOException {
    for (SocketChannel channel : open) {
      channel.close();
    }
    server.close();
    assertThat(server.failures).isEmpty();
  }

  /** Something that is held from when it is answered until the client leaves. */
  private static final class Loan implements Response.Conversation {
    private final AtomicInteger lent;

    Loan(AtomicInteger lent) {
      this.lent = lent;
      lent.incrementAndGet();
    }

    @Override
    public void speak(InputStream in, OutputStream out) throws IOException {
      try {
        out.write('!');
        in.transferTo(OutputStream.nullOutputStream());
      } finally {
        abandon();
      }
    }

    @Override
    public void abandon() {
      lent.decrementAndGet();
    }
  }

  private String begin(String request, String until) throws IOException {
    SocketChannel channel = server.connect();
    open.add(channel);
    TestServer.say(channel, request);
    return TestServer.hear(channel, until);
  }

  private void takeAllStreams() throws IOException {
    for (int i = 0; i < LIMITS.connections() / 2; i++) {
      String request = i % 2 == 0 ? EVENTS : LOAN;
      assertThat(begin(request, i % 2 == 0 ? "retry: 1000\n\n" : "!")).startsWith("HTTP/1.1 200 ");
    }
  }

  /** The place of a connection that its client closed is free when the server has read that. */
  private void findsAPlace(String request) {
    await(() -> {
      try {
        return server.ask(request).startsWith("HTTP/1.1 200 ");
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    });
  }

  private void await(BooleanSupplier condition) {
    Await.until(() -> lent + " are lent", condition::getAsBoolean);
  }

  @Test
  void requestsFindPlacesWhenStreamsHaveTakenAllOfTheirs() throws IOException {
    takeAllStreams();
    for (String request : new String[] {EVENTS, LOAN}) {
      assertThat(begin(request, "]}"))
          .startsWith("HTTP/1.1 503 ")
          .containsIgnoringCase("retry-after: 1\r\n")
          .contains("event streams, captures and consoles");
    }
    assertThat(server.ask(HELLO)).endsWith("hello");
    assertThat(server.problem())
        .contains("holds 10 of the 10 event streams, captures and consoles");
  }

  @Test
  void aConnectionThatFindsNoStreamIsGoodForOtherRequests() throws IOException {
    takeAllStreams();
    SocketChannel channel = server.connect();
    open.add(channel);
    TestServer.say(channel, EVENTS + HELLO);
    assertThat(TestServer.hear(channel, "hello"))
        .startsWith("HTTP/1.1 503 ")
        .contains("HTTP/1.1 200 ");
  }

  @Test
  void aStreamThatEndsLeavesItsPlace() throws IOException {
    takeAllStreams();
    open.removeFirst().close();
    await(() -> {
      try {
        return begin(EVENTS, "\n\n").startsWith("HTTP/1.1 200 ");
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    });
  }

  @Test
  void anAnswerThatIsNotSentHoldsNothing() throws IOException {
    takeAllStreams();
    int held = lent.get();
    for (int i = 0; i < 20; i++) {
      assertThat(begin(LOAN, "]}")).startsWith("HTTP/1.1 503 ");
      findsAPlace("HEAD" + LOAN.substring(3));
      open.removeLast().close();
    }
    await(() -> lent.get() == held);
    for (SocketChannel channel : open) {
      channel.close();
    }
    await(() -> lent.get() == 0);
  }

  @Test
  void aClientThatGoesBeforeItsAnswerHoldsNothing() throws IOException {
    for (int i = 0; i < 300; i++) {
      try (SocketChannel hasty = server.connect()) {
        TestServer.say(hasty, LOAN);
      }
    }
    findsAPlace(HELLO);
    await(() -> lent.get() == 0);
  }
}
