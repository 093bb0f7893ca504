package io.lanyard.control.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.lanyard.control.AcceptWatch;
import io.lanyard.control.client.HttpClient;
import io.lanyard.testing.Await;
import io.lanyard.testing.FewDescriptors;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.LoadedClasses;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(240)
final class HttpServerTest {
  /** No client is late by the server's clock, however late a busy machine lets it speak. */
  private static final Limits LIMITS = new Limits(20, 2, 5, Duration.ofMinutes(2));

  @TempDir Path directory;
  private final AtomicInteger failures = new AtomicInteger();
  private final AtomicInteger large = new AtomicInteger();
  private final CountDownLatch streamEnded = new CountDownLatch(1);
  private final HttpMeter meter =
      new HttpMeter() {
        @Override
        public void answered(int status, long nanos) {}

        @Override
        public void refused() {}

        @Override
        public void failed(Throwable cause) {
          failures.incrementAndGet();
        }
      };
  private HttpServer server;
  private Path socket;

  @Test
  void aServerThatCannotAcceptSaysSoAndRests() throws Exception {
    LogWatch.expect("event=accept-failed server=\"control\" .*Too many open files.*LimitNOFILE");
    try (HttpClient.Answer answer = new HttpClient(socket).send("GET", "/hello")) {
      assertThat(answer.status()).isEqualTo(200);
    }
    LoadedClasses.ofAcceptFailures();
    Await.until(() -> server.problem().isEmpty()); // loads it while there are descriptors
    SocketChannel late = SocketChannel.open(StandardProtocolFamily.UNIX);
    try (FewDescriptors few = new FewDescriptors();
        late) {
      few.begin();
      late.connect(UnixDomainSocketAddress.of(socket));
      Await.until(() -> server.problem().contains("LimitNOFILE"));
      few.end();
      late.write(ByteBuffer.wrap("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(US_ASCII)));
      assertThat(late.read(ByteBuffer.allocate(1))).isEqualTo(1);
      Await.until(() -> server.problem().isEmpty());
    }
    assertThat(LogWatch.count("event=accept-failed")).isEqualTo(1);
    Await.until("its word", () -> LogWatch.count("event=accepts-again server=\"control\"") == 1);
  }

  @BeforeEach
  void open() throws IOException {
    socket = directory.resolve("api.sock");
    Routes routes =
        new Routes("openapi.json lists what there is")
            .add("GET", "/hello", request -> Response.text("text/plain", "hello"))
            .add("POST", "/echo", request -> new Response.Body(200, "text/plain", request.body()))
            .add(
                "GET",
                "/things/{thing}",
                request ->
                    Response.text(
                        "text/plain", request.parameter("thing") + "?" + request.query("q", "")))
            .taking("q")
            .add(
                "GET",
                "/gone",
                request -> {
                  throw Problem.notFound("thing", "x", "look elsewhere");
                })
            .add(
                "GET",
                "/broken",
                request -> {
                  throw new IOException("out of order");
                })
            .add(
                "GET",
                "/large",
                request -> {
                  large.incrementAndGet();
                  return new Response.Body(200, "text/plain", new byte[64 * 1024]);
                })
            .add(
                "GET",
                "/huge",
                request -> new Response.Body(200, "text/plain", new byte[4 * 1024 * 1024]))
            .add(
                "GET",
                "/endless",
                request -> new Response.Stream("application/octet-stream", this::endless))
            .add(
                "GET",
                "/count",
                request -> new Response.Stream("text/plain", HttpServerTest::count))
            .add("POST", "/shout", request -> new Response.Upgrade("shout", HttpServerTest::shout));
    server = HttpServer.bind(socket, null, 0, LIMITS, routes, meter, AcceptWatch::handler);
  }

  private void endless(InputStream in, OutputStream out) throws IOException {
    byte[] block = new byte[64 * 1024];
    try {
      while (true) {
        out.write(block);
      }
    } finally {
      streamEnded.countDown();
    }
  }

  private static void count(InputStream in, OutputStream out) throws IOException {
    for (int i = 0; i < 1000; i++) {
      out.write((i + "\n").getBytes(US_ASCII));
    }
  }

  private static void shout(InputStream in, OutputStream out) throws IOException {
    byte[] bytes = new byte[1024];
    int count;
    while ((count = in.read(bytes)) >= 0) {
      out.write(
          new String(bytes, 0, count, US_ASCII)
              .toUpperCase(java.util.Locale.ROOT)
              .getBytes(US_ASCII));
    }
  }

  @AfterEach
  void close() {
    server.close();
    assertThat(socket).doesNotExist();
  }

  private String get(String target) throws IOException {
    try (HttpClient.Answer answer = new HttpClient(socket).send("GET", target)) {
      return answer.status() + " " + new String(answer.bytes(), UTF_8);
    }
  }

  @Test
  void aClientThatHasEndedItsHalfGetsAllOfALargeAnswer() throws IOException {
    for (int round = 0; round < 10; round++) {
      try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
        send(client, "GET /huge HTTP/1.1\r\nHost: x\r\n\r\n");
        client.shutdownOutput();
        assertThat(Channels.newInputStream(client).readAllBytes())
            .hasSizeGreaterThan(4 * 1024 * 1024);
      }
    }
  }

  @Test
  void aClientThatDoesNotReadIsNotAnsweredWithoutEnd() throws IOException {
    try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      for (int sent = 1; sent <= 100; sent++) {
        send(client, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
        while (large.get() < sent && System.nanoTime() < deadline) {
          LockSupport.parkNanos(1_000_000);
        }
        if (large.get() < sent) {
          return;
        }
      }
    }
    fail("the server has taken 100 requests, and nobody has read an answer");
  }

  @Test
  void aClientThatAsksTooMuchAtATimeIsNoFailureOfOurs() throws IOException {
    try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      send(client, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000));
      Channels.newInputStream(client).readAllBytes();
    } catch (IOException e) {
      // Reset, because not all of it was read.
    }
    assertThat(get("/hello")).isEqualTo("200 hello");
    assertThat(failures).hasValue(0);
  }

  @Test
  void aClientThatHangsUpWithinABodyIsNoFailureOfOurs() throws IOException {
    for (int i = 0; i < 100; i++) {
      try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
        send(client, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\na");
        client.shutdownOutput();
        Channels.newInputStream(client).readAllBytes(); // the server has seen the end
      }
    }
    assertThat(get("/hello")).isEqualTo("200 hello");
    assertThat(failures).hasValue(0);
  }

  @Test
  void aRouteAnswers() throws IOException {
    assertThat(get("/hello")).isEqualTo("200 hello");
  }

  @Test
  void aSegmentIsDecodedAfterThePathIsSplit() throws IOException {
    assertThat(get("/things/a%2Fb%20c+d?q=1%202")).isEqualTo("200 a/b c+d?1 2");
  }

  @Test
  void whatDoesNotExistIsAProblemWithAHint() throws IOException {
    assertThat(get("/nowhere")).startsWith("404 {").contains("openapi.json");
    assertThat(get("/gone")).startsWith("404 ").contains("there is no thing x", "look elsewhere");
  }

  @Test
  void anotherMethodIsNamed() throws IOException {
    try (HttpClient.Answer answer = new HttpClient(socket).send("POST", "/hello")) {
      assertThat(answer.status()).isEqualTo(405);
      assertThat(new String(answer.bytes(), UTF_8)).contains("GET");
      assertThat(answer.headers())
          .containsEntry("content-type", "application/problem+json")
          .containsEntry("allow", "GET, HEAD, OPTIONS");
    }
  }

  @Test
  void aFailureOfOursIsCountedAndStillAnswered() throws IOException {
    assertThat(get("/broken")).startsWith("500 ").contains("out of order");
    assertThat(failures).hasValue(1);
    assertThat(get("/hello")).isEqualTo("200 hello");
  }

  @Test
  void aStreamEndsWithItsSource() throws IOException {
    String answer = get("/count");
    assertThat(answer).startsWith("200 0\n1\n").endsWith("998\n999\n");
  }

  @Test
  void aStreamStopsWhenTheClientLeaves() throws IOException, InterruptedException {
    try (HttpClient.Answer answer = new HttpClient(socket).send("GET", "/endless")) {
      assertThat(answer.body().readNBytes(1 << 20)).hasSize(1 << 20);
    }
    assertThat(streamEnded.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(failures).hasValue(0);
  }

  @Test
  void anUpgradeIsBytesBothWays() throws IOException {
    try (HttpClient.Answer answer = new HttpClient(socket).upgrade("/shout", "shout")) {
      assertThat(answer.status()).isEqualTo(101);
      answer.out().write("hello".getBytes(US_ASCII));
      assertThat(answer.body().readNBytes(5)).asString(US_ASCII).isEqualTo("HELLO");
      byte[] large = "x".repeat(300_000).getBytes(US_ASCII);
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  answer.out().write(large);
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      assertThat(answer.body().readNBytes(large.length))
          .asString(US_ASCII)
          .isEqualTo("X".repeat(large.length));
      assertThat(writer).isNotNull();
    }
  }

  @Test
  void twoRequestsShareAConnection() throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      InputStream in = Channels.newInputStream(channel);
      for (int i = 0; i < 2; i++) {
        send(channel, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(readUntil(in, "hello")).startsWith("HTTP/1.1 200");
      }
    }
  }

  @Test
  void pipelinedRequestsAreAnsweredInTheirOrder() throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      StringBuilder requests = new StringBuilder();
      for (int i = 0; i < 20; i++) {
        requests.append("GET /things/t").append(i).append(" HTTP/1.1\r\nHost: x\r\n\r\n");
      }
      send(channel, requests.toString());
      InputStream in = Channels.newInputStream(channel);
      for (int i = 0; i < 20; i++) {
        assertThat(readUntil(in, "t" + i + "?")).startsWith("HTTP/1.1 200");
      }
    }
  }

  @Test
  void aClientThatHasSaidAllStillGetsItsAnswers() throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      send(
          channel,
          "GET /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /things/last HTTP/1.1\r\nHost: x\r\n\r\n");
      channel.shutdownOutput();
      assertThat(new String(Channels.newInputStream(channel).readAllBytes(), UTF_8))
          .contains("hello")
          .endsWith("last?");
    }
  }

  @Test
  void aHeadIsAGetWithoutItsBody() throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      send(
          channel,
          "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\nHEAD /endless HTTP/1.1\r\nHost: x\r\n\r\n");
      channel.shutdownOutput();
      assertThat(new String(Channels.newInputStream(channel).readAllBytes(), UTF_8))
          .startsWith("HTTP/1.1 200")
          .contains("content-length: 5\r\n", "application/octet-stream")
          .endsWith("\r\n\r\n")
          .doesNotContain("hello");
    }
  }

  @Test
  void randomBytesNeverFailTheServer() throws IOException {
    SplittableRandom random = new SplittableRandom(20260101);
    String template = "POST /echo?a=b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
    for (int i = 0; i < 400; i++) {
      byte[] bytes = template.getBytes(US_ASCII);
      int mutations = 1 + random.nextInt(8);
      for (int m = 0; m < mutations; m++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
        channel.write(ByteBuffer.wrap(bytes));
        channel.shutdownOutput();
        Channels.newInputStream(channel).readAllBytes();
      } catch (IOException e) {
        // Closed on us: as good an answer as any.
      }
    }
    assertThat(failures).hasValue(0);
    assertThat(get("/hello")).isEqualTo("200 hello");
  }

  private static void send(SocketChannel channel, String text) throws IOException {
    channel.write(ByteBuffer.wrap(text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1)));
  }

  private static String readUntil(InputStream in, String end) throws IOException {
    StringBuilder text = new StringBuilder();
    int b;
    while (text.indexOf(end) < 0 && (b = in.read()) >= 0) {
      text.append((char) b);
    }
    return text.toString();
  }
}
