package io.lanyard.control.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.base.Clock;
import io.lanyard.control.api.Role;
import io.lanyard.control.json.JsonText;
import io.lanyard.testing.FuzzInput;
import io.lanyard.testing.LogWatch;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The daemon's side does not fail for any bytes of a client: the client is answered, told the
 * error, or left.
 *
 * <p>An input is the length of the pieces in which it arrives, then what the client says.
 */
class HttpFuzzTest {
  /** An answer says what it is answering to, and some more. */
  private static final int LEAST = 4096;

  private static final Places.Client CLIENT = new Places.Client(0, true);

  private static final Routes ROUTES =
      new Routes("openapi.json lists what there is")
          .add("GET", "/v1/status", request -> Response.text("application/json", "{}"))
          .add("POST", "/v1/echo", request -> new Response.Body(200, "x/y", request.body()))
          .add(
              "GET",
              "/v1/guests/{guest}",
              request ->
                  Response.text(
                          "text/plain", request.parameter("guest") + request.query("lines", ""))
                      .with("ETag", "\"1\""))
          .add(
              "POST",
              "/v1/guests/{guest}/console",
              request -> new Response.Upgrade("console", (in, out) -> out.write(in.read())))
          .add(
              "GET",
              "/v1/networks/{network}/capture",
              request -> new Response.Stream("text/plain", (in, out) -> out.write('x')))
          .add(
              "GET",
              "/v1/events",
              request -> new Response.Events((id, reader) -> () -> {}, id(request)))
          .add("PUT", "/v1/networks/{network}", HttpFuzzTest::change);

  private static String id(Request request) {
    return request.header("last-event-id");
  }

  private static Response change(Request request) {
    return Response.text("x/y", JsonText.text(request.json())).with("ETag", "\"1\"");
  }

  private int failures;
  private int answered;
  private final HttpMeter meter =
      new HttpMeter() {
        @Override
        public void answered(int status, long nanos) {
          answered++;
          assertThat(status).isIn(101, 200, 204, 304, 400, 404, 405, 413, 414, 415, 417, 431, 505);
        }

        @Override
        public void refused() {}

        @Override
        public void failed(Throwable cause) {
          failures++;
        }
      };

  /** Runs what it is given at once, but for conversations, which would wait for the client. */
  private static final class AtOnce extends AbstractExecutorService {
    @Override
    public void execute(Runnable task) {
      task.run();
    }

    @Override
    public Future<?> submit(Runnable task) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void shutdown() {}

    @Override
    public List<Runnable> shutdownNow() {
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return false;
    }

    @Override
    public boolean isTerminated() {
      return false;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return true;
    }
  }

  @FuzzTest
  void aClientIsAnsweredOrToldOrLeft(byte[] input) {
    LogWatch.allowWarnings();
    failures = 0;
    answered = 0;
    FuzzInput in = new FuzzInput(input);
    int piece = 1 + in.octet() * 8;
    EmbeddedChannel channel = new EmbeddedChannel();
    LargeBodies places = new LargeBodies();
    new HttpConnection(
            new Dispatcher(ROUTES, (peer, none) -> new Caller(peer, Role.ADMIN), meter),
            new AtOnce(),
            meter,
            "user 0",
            new StreamPlace(
                new Places(Limits.API, "streams", Clock.system()), new OpenStreams(), CLIENT),
            new BodyLimit(HttpServer.MAX_BODY, places, CLIENT),
            Duration.ofSeconds(5))
        .install(channel.pipeline());
    channel.pipeline().fireChannelActive();
    StringBuilder said = new StringBuilder();
    while (in.hasNext() && channel.isActive()) {
      channel.writeInbound(channel.alloc().buffer().writeBytes(in.bytes(piece)));
      channel.runPendingTasks();
      read(channel, said);
    }
    channel.finish();
    read(channel, said);
    channel.releaseInbound();
    channel.checkException();
    assertThat(freePlaces(places)).isEqualTo(freePlaces(new LargeBodies()));
    assertThat(failures).isZero();
    assertThat(answered).isLessThanOrEqualTo(input.length / 8 + 1);
    if (!said.isEmpty()) {
      assertThat(said).startsWith("HTTP/1.1 ");
    }
    assertThat(said.length()).isLessThanOrEqualTo(64 * input.length + LEAST);
  }

  private static int freePlaces(LargeBodies places) {
    int free = 0;
    while (places.take(CLIENT)) {
      free++;
    }
    return free;
  }

  private static void read(EmbeddedChannel channel, StringBuilder said) {
    for (Object out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
      ByteBuf bytes = (ByteBuf) out;
      said.append(bytes.toString(ISO_8859_1));
      bytes.release();
    }
  }
}
