package io.lanyard.control.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.AcceptWatch;
import io.lanyard.control.api.Role;
import io.lanyard.control.client.HttpClient;
import io.lanyard.testing.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client that finds no place is told, and none can keep the others out. */
@Timeout(240)
final class ConnectionLimitsTest {
  private static final String HELLO = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

  /** Clients may hold their places without a word for as long as a test takes. */
  private static final Limits LIMITS = new Limits(20, 2, 5, Duration.ofMinutes(2));

  @TempDir Path directory;
  private TestServer server;

  @BeforeEach
  void open() throws IOException {
    open(LIMITS);
  }

  private void open(Limits limits) throws IOException {
    Routes routes = new Routes("see /hello");
    routes.add("GET", "/hello", request -> Response.text("text/plain", "hello"));
    server = new TestServer(directory, routes, limits);
  }

  @AfterEach
  void close() {
    server.close();
    assertThat(server.failures).isEmpty();
  }

  private List<SocketChannel> connections(int count) throws IOException {
    List<SocketChannel> open = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      open.add(server.connect());
    }
    return open;
  }

  private static void closeAll(List<SocketChannel> open) throws IOException {
    for (SocketChannel channel : open) {
      channel.close();
    }
  }

  @Test
  void aConnectionBeyondTheLimitIsToldToComeBack() throws IOException {
    List<SocketChannel> open = connections(LIMITS.connections());
    try {
      assertThat(refusal(() -> server.ask(HELLO)))
          .startsWith("HTTP/1.1 503 ")
          .containsIgnoringCase("retry-after: 1\r\n")
          .contains("application/problem+json");
      assertThat(refusal(this::hello)).startsWith("503 ").contains("the daemon is there but busy");
    } finally {
      closeAll(open);
    }
  }

  private String hello() throws IOException {
    try (HttpClient.Answer answer = new HttpClient(server.socket()).send("GET", "/hello")) {
      return answer.status() + " " + new String(answer.bytes(), UTF_8);
    }
  }

  /**
   * The answer to a client that finds no place. It has a second to ask: one that a busy machine
   * lets speak later finds the connection closed, and comes again.
   */
  private static String refusal(Callable<String> client) {
    AtomicReference<String> refusal = new AtomicReference<>("");
    Await.until(
        "a client that spoke in time",
        () -> {
          refusal.set(heard(client));
          return !refusal.get().isEmpty();
        });
    return refusal.get();
  }

  /** The answer to a client; empty if the connection was closed before it spoke. */
  private static String heard(Callable<String> client) throws Exception {
    try {
      return client.call();
    } catch (IOException e) {
      return "";
    }
  }

  @Test
  void aConnectionBeyondTheLimitThatSaysNothingIsClosedSoon() throws IOException {
    List<SocketChannel> open = connections(LIMITS.connections());
    try (SocketChannel silent = server.connect()) {
      assertThat(Channels.newInputStream(silent).read()).isEqualTo(-1);
    } finally {
      closeAll(open);
    }
  }

  @Test
  void manyHalfRequestsKeepOthersOutForSecondsOnly() throws IOException {
    server.close();
    open(new Limits(20, 2, 5, Duration.ofSeconds(1)));
    List<SocketChannel> open = connections(LIMITS.connections());
    try {
      for (SocketChannel half : open) {
        TestServer.say(half, "GET /hel");
      }
      Await.until("a place", () -> heard(() -> server.ask(HELLO)).endsWith("hello"));
    } finally {
      closeAll(open);
    }
  }

  @Test
  void oneAddressCannotTakeAllPlacesOfATcpServer() throws IOException {
    Routes routes =
        new Routes("openapi.json lists what there is")
            .add("GET", "/hello", request -> Response.text("text/plain", "hello"));
    HttpServer.Tcp any =
        new HttpServer.Tcp(
            "metrics",
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            null,
            (peer, none) -> new Caller(peer, Role.VIEWER));
    try (HttpServer tcp =
        HttpServer.bind(any, LIMITS, routes, new SilentMeter(), AcceptWatch::handler)) {
      List<Socket> held = new ArrayList<>();
      for (int i = 0; i < LIMITS.perClient(); i++) {
        held.add(connect(tcp, "127.0.0.2"));
      }
      try {
        assertThat(refusal(() -> status(connect(tcp, "127.0.0.2")))).isEqualTo("HTTP/1.1 503 ");
        assertThat(status(connect(tcp, "127.0.0.3"))).isEqualTo("HTTP/1.1 200 ");
      } finally {
        for (Socket socket : held) {
          socket.close();
        }
      }
    }
  }

  private static Socket connect(HttpServer tcp, String from) throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    return new Socket(loopback, tcp.port(), InetAddress.getByName(from), 0);
  }

  private static String status(Socket connection) throws IOException {
    try (connection) {
      connection
          .getOutputStream()
          .write("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(US_ASCII));
      return new String(connection.getInputStream().readNBytes(13), US_ASCII);
    }
  }
}
