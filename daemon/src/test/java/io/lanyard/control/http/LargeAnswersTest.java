package io.lanyard.control.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.lanyard.control.AcceptWatch;
import io.lanyard.control.api.Role;
import io.lanyard.testing.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
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
    LargeAnswers answers = new LargeAnswers(Duration.ZERO, Duration.ofSeconds(60));
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
    LargeAnswers answers = new LargeAnswers(Duration.ofSeconds(60), Duration.ofSeconds(60));
    LargeAnswers.Place first = answers.of(user(1000));
    first.take();
    CountDownLatch done = new CountDownLatch(1);
    Thread second = taker(answers.of(user(1000)), done);
    assertThat(done.getCount()).isEqualTo(1);
    first.close();
    done.await();
    second.join();
  }

  @Test
  void aClientThatReadsSlowlyIsEndedWhenAnotherOneWaits() throws Exception {
    LargeAnswers answers = new LargeAnswers(Duration.ofSeconds(60), Duration.ZERO);
    AtomicInteger ended = new AtomicInteger();
    LargeAnswers.Place oldest = answers.of(user(1000));
    oldest.take();
    oldest.sending(ended::incrementAndGet);
    LargeAnswers.Place other = answers.of(user(1001));
    other.take();
    other.sending(() -> {
      throw new AssertionError("one place is enough");
    });
    try (LargeAnswers.Place trusted = answers.of(OWNER)) {
      trusted.take();
    }
    assertThat(ended).as("nobody waited").hasValue(0);
    CountDownLatch done = new CountDownLatch(1);
    Thread next = taker(answers.of(user(1002)), done);
    Await.until("the oldest is ended", () -> ended.get() == 1);
    oldest.close();
    done.await();
    next.join();
    assertThat(ended).hasValue(1);
    other.close();
  }

  @Test
  void noAnswerIsEndedWhereThatMakesNoRoomForTheOneWhoWaits() throws Exception {
    LargeAnswers answers = new LargeAnswers(Duration.ofSeconds(60), Duration.ZERO);
    AtomicInteger ended = new AtomicInteger();
    List<LargeAnswers.Place> slow = new ArrayList<>();
    for (int i = 0; i < LargeAnswers.PLACES - LargeAnswers.RESERVED; i++) {
      LargeAnswers.Place place = answers.of(user(1000 + i));
      place.take();
      place.sending(ended::incrementAndGet);
      slow.add(place);
    }
    List<LargeAnswers.Place> trusted = new ArrayList<>();
    for (int i = 0; i < LargeAnswers.RESERVED; i++) {
      LargeAnswers.Place place = answers.of(OWNER);
      place.take();
      trusted.add(place);
    }
    CountDownLatch done = new CountDownLatch(1);
    Thread next = taker(answers.of(user(2000)), done);
    assertThat(ended).as("the owner has the places that one would need").hasValue(0);
    trusted.forEach(LargeAnswers.Place::close);
    Await.until("the oldest is ended", () -> ended.get() == 1);
    slow.getFirst().close();
    done.await();
    next.join();
    assertThat(ended).hasValue(1);
    slow.forEach(LargeAnswers.Place::close);
  }

  @Test
  void aClientsOwnSlowAnswerIsNotEndedForItsNextOne() {
    LargeAnswers answers = new LargeAnswers(Duration.ZERO, Duration.ZERO);
    AtomicInteger ended = new AtomicInteger();
    LargeAnswers.Place place = answers.of(user(1000));
    place.take();
    place.sending(ended::incrementAndGet);
    refuses(answers.of(user(1000)));
    assertThat(ended).hasValue(0);
    place.close();
  }

  @Test
  void aClientThatHadAPlaceComesBehindThoseThatHadNone() throws Exception {
    LargeAnswers answers = new LargeAnswers(Duration.ofSeconds(60), Duration.ofSeconds(60));
    LargeAnswers.Place first = answers.of(user(1000));
    first.take();
    LargeAnswers.Place second = answers.of(user(1001));
    second.take();
    CountDownLatch again = new CountDownLatch(2);
    List<Thread> threads = new ArrayList<>();
    threads.add(taker(answers.of(user(1000)), again));
    threads.add(taker(answers.of(user(1000)), again));
    CountDownLatch done = new CountDownLatch(1);
    threads.add(keeper(answers.of(user(1002)), done));
    first.close();
    done.await();
    assertThat(again.getCount()).isEqualTo(2);
    second.close();
    again.await();
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /** Takes a place and gives it back. */
  private static Thread taker(LargeAnswers.Place place, CountDownLatch done) {
    return waiting(() -> {
      try (place) {
        place.take();
        done.countDown();
      }
    });
  }

  /** Takes a place for good. */
  private static Thread keeper(LargeAnswers.Place place, CountDownLatch done) {
    return waiting(() -> {
      place.take();
      done.countDown();
    });
  }

  private static Thread waiting(Runnable action) {
    Thread thread = Thread.ofVirtual().start(action);
    Await.until(
        "it waits",
        () ->
            thread.getState() == Thread.State.TIMED_WAITING
                || thread.getState() == Thread.State.WAITING);
    return thread;
  }

  @Test
  void clientsThatDoNotReadLeaveOthersAPlace() throws Exception {
    Routes routes =
        new Routes("none")
            .add("GET", "/list", request -> Response.text("text/plain", "x".repeat(LENGTH) + "end"))
            .large();
    HttpServer.Tcp tcp =
        new HttpServer.Tcp(
            "api",
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            null,
            (peer, none) -> new Caller(peer, Role.VIEWER));
    SilentMeter meter = new SilentMeter();
    try (HttpServer server =
            HttpServer.bind(tcp, Limits.REMOTE, routes, meter, AcceptWatch::handler);
        SocketChannel first = from("127.0.0.2", server);
        SocketChannel second = from("127.0.0.3", server);
        SocketChannel third = from("127.0.0.4", server)) {
      TestServer.say(first, LIST);
      assertThat(TestServer.hear(first, "xxx")).endsWith("xxx");
      TestServer.say(second, LIST);
      assertThat(TestServer.hear(second, "xxx")).endsWith("xxx");
      TestServer.say(third, LIST);
      assertThat(lastOf(third)).endsWith("end");
      assertThat(lastOf(second)).as("not ended by half a minute, and for nobody").endsWith("end");
      assertThat(lastOf(first)).as("the oldest").doesNotEndWith("end");
      assertThat(meter.cutOff).hasValue(1);
    }
  }

  private static SocketChannel from(String address, HttpServer server) throws IOException {
    SocketChannel channel = SocketChannel.open();
    var _ =
        channel
            .setOption(StandardSocketOptions.SO_RCVBUF, 1 << 16)
            .bind(new InetSocketAddress(address, 0))
            .connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    return channel;
  }

  /** The last three characters that come. */
  private static String lastOf(SocketChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
    String last = "";
    try {
      while (!last.endsWith("end") && channel.read(bytes.clear()) > 0) {
        String came = new String(bytes.array(), 0, bytes.position(), StandardCharsets.ISO_8859_1);
        last = last + came;
        last = last.substring(Math.max(0, last.length() - 3));
      }
    } catch (IOException e) {
      last += e; // a reset
    }
    return last;
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
