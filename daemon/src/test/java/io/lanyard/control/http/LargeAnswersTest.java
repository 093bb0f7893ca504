package io.lanyard.control.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.lanyard.testing.Await;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Long lists that many clients ask for at a time, and some never read. */
@Timeout(240)
final class LargeAnswersTest {
  private static final String LIST = "GET /list HTTP/1.1\r\nHost: x\r\n\r\n";
  private static final String HELLO = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
  private static final String BROKEN = "GET /broken HTTP/1.1\r\nHost: x\r\n\r\n";

  /** More than sockets hold. */
  private static final int LENGTH = 8 << 20;

  private static final Places.Client OWNER = new Places.Client(0, true);

  @TempDir Path directory;

  private static Places.Client user(int number) {
    return new Places.Client(number, false);
  }

  @Test
  void aClientHasOneAtATimeAndSomeAreLeftForTheOwner() {
    LargeAnswers answers = new LargeAnswers(Duration.ZERO);
    List<LargeAnswers.Place> taken = new ArrayList<>();
    for (int i = 0; i < LargeAnswers.PLACES - LargeAnswers.RESERVED; i++) {
      LargeAnswers.Place place = answers.of(user(1000 + i));
      place.take();
      place.take(); // it is there already
      taken.add(place);
      if (i == 0) {
        refuses(answers.of(user(1000)));
      }
    }
    refuses(answers.of(user(2000)));
    for (int i = 0; i < LargeAnswers.RESERVED; i++) {
      LargeAnswers.Place place = answers.of(OWNER);
      place.take();
      taken.add(place);
    }
    refuses(answers.of(OWNER));
    taken.forEach(LargeAnswers.Place::close);
    taken.forEach(LargeAnswers.Place::close); // and no more
    LargeAnswers.Place again = answers.of(user(1000));
    again.take();
    refuses(answers.of(user(1000)));
    again.close();
  }

  private static void refuses(LargeAnswers.Place place) {
    assertThatExceptionOfType(Problem.class)
        .isThrownBy(place::take)
        .satisfies(problem -> assertThat(problem.status()).isEqualTo(503));
    place.close();
  }

  @Test
  void whoFindsNoPlaceWaitsForOne() throws Exception {
    LargeAnswers answers = new LargeAnswers(Duration.ofSeconds(60));
    LargeAnswers.Place first = answers.of(user(1000));
    first.take();
    CountDownLatch done = new CountDownLatch(1);
    Thread second =
        Thread.ofVirtual()
            .start(() -> {
              try (LargeAnswers.Place place = answers.of(user(1000))) {
                place.take();
                done.countDown();
              }
            });
    Await.until(
        "the second waits",
        () ->
            second.getState() == Thread.State.TIMED_WAITING
                || second.getState() == Thread.State.WAITING);
    assertThat(done.getCount()).isEqualTo(1);
    first.close();
    done.await();
    second.join();
  }

  @Test
  void noMoreAreMadeThanCanBeSent() throws Exception {
    AtomicInteger made = new AtomicInteger();
    Routes routes =
        new Routes("see /hello")
            .add("GET", "/hello", request -> Response.text("text/plain", "hello"))
            .add(
                "GET",
                "/broken",
                request -> {
                  throw new Problem(409, "no", "", "");
                })
            .large()
            .add(
                "GET",
                "/list",
                request -> {
                  made.incrementAndGet();
                  return Response.text("text/plain", "x".repeat(LENGTH) + "end");
                })
            .large();
    List<SocketChannel> open = new ArrayList<>();
    try (TestServer server = new TestServer(directory, routes)) {
      for (int i = 0; i < 2 * LargeAnswers.PLACES; i++) {
        assertThat(server.ask(BROKEN)).startsWith("HTTP/1.1 409 "); // it leaves its place
      }
      for (int i = 0; i < LargeAnswers.PLACES + 2; i++) {
        SocketChannel client = server.connect();
        open.add(client);
        TestServer.say(client, LIST);
      }
      Await.until("as many are made as there are places", () -> made.get() == LargeAnswers.PLACES);
      // The server has read the others' requests when it answers one that came after them.
      assertThat(server.ask(HELLO)).endsWith("hello");
      assertThat(made.get()).isEqualTo(LargeAnswers.PLACES);
      // One that is read leaves its place to the next; so do those that hang up.
      readOne(open);
      Await.until("the next is made", () -> made.get() > LargeAnswers.PLACES);
      closeAll(open);
      Await.until(
          "all places are free",
          () -> server.ask(LIST).endsWith("end") && server.failures.isEmpty());
    } finally {
      closeAll(open);
    }
  }

  /** Reads all of one answer. */
  private static void readOne(List<SocketChannel> open) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
    SocketChannel[] served = new SocketChannel[1];
    Await.until(
        "one is sent",
        () -> {
          for (SocketChannel client : open) {
            var _ = client.configureBlocking(false);
            if (client.read(bytes.clear()) > 0) {
              served[0] = client;
              return true;
            }
          }
          return false;
        });
    int got = bytes.position();
    var _ = served[0].configureBlocking(true);
    while (got <= LENGTH) {
      int count = served[0].read(bytes.clear());
      assertThat(count).isPositive();
      got += count;
    }
  }

  private static void closeAll(List<SocketChannel> open) throws IOException {
    for (SocketChannel client : open) {
      client.close();
    }
    open.clear();
  }
}
