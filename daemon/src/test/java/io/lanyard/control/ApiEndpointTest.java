package io.lanyard.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.config.Document;
import io.lanyard.control.api.Role;
import io.lanyard.control.token.TokenFile;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.daemon.change.ChangeRequest;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.LogWatch;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A daemon that serves its API on TCP. */
@Timeout(240)
final class ApiEndpointTest {
  @TempDir Path home;

  private Document configuration(String more) throws Exception {
    return Document.of(
        "test",
        "version: 1\nnetworks: {a: {mode: isolated}}\napi: {listen: '127.0.0.1:%d', tokens: t%s}\n"
            .formatted(FreePorts.one(), more),
        home);
  }

  private Daemon open(Document configuration) throws Exception {
    return InProcessDaemon.open(home, configuration);
  }

  private static HttpURLConnection ask(ApiEndpoint api, String path, String token)
      throws Exception {
    HttpURLConnection connection =
        (HttpURLConnection)
            URI.create("http://127.0.0.1:" + api.port() + path).toURL().openConnection();
    if (!token.isEmpty()) {
      connection.setRequestProperty("Authorization", "Bearer " + token);
    }
    return connection;
  }

  @Test
  void whoHasATokenUsesTheApi() throws Exception {
    Document configuration = configuration("");
    String secret = TokenFile.read(home.resolve("t")).add("viewer", Role.VIEWER);
    try (Daemon daemon = open(configuration);
        ApiEndpoint api = ApiEndpoint.open(daemon, configuration.configuration().api())) {
      assertThat(api.problem()).isEmpty();
      assertThat(ask(api, "/v1/networks", secret).getInputStream().readAllBytes())
          .asString()
          .contains("\"name\":\"a\"");
      assertThat(ask(api, "/v1/networks", "").getResponseCode()).isEqualTo(401);
      assertThat(ask(api, "/v1/networks/a/capture", secret).getResponseCode()).isEqualTo(403);
    }
  }

  private void apply(Daemon daemon, String api) throws Exception {
    Document next =
        Document.of("test", "version: 1\nnetworks: {a: {mode: isolated}}\n" + api, home);
    daemon
        .conductor()
        .apply(new ChangeRequest(present -> next, "test", "", -1, true, false, Duration.ZERO))
        .get(60, TimeUnit.SECONDS);
  }

  private String token(String file, String name) throws Exception {
    return TokenFile.read(home.resolve(file)).add(name, Role.VIEWER);
  }

  /** Opens a stream of events and reads its first line. */
  private static BufferedReader events(ApiEndpoint api, String token) throws Exception {
    HttpURLConnection connection = ask(api, "/v1/events", token);
    connection.setReadTimeout(30_000);
    BufferedReader reader =
        new BufferedReader(new InputStreamReader(connection.getInputStream(), UTF_8));
    assertThat(reader.readLine()).isNotNull();
    return reader;
  }

  /** Reads to the end, which has to come. */
  private static void assertEnds(BufferedReader reader) {
    try {
      while (reader.readLine() != null) {
        // The bytes that were sent before.
      }
    } catch (SocketTimeoutException e) {
      throw new AssertionError("the stream goes on", e);
    } catch (IOException e) {
      // It was cut off.
    }
  }

  @Test
  void theAddressMovesAndWhoIsBeingAnsweredIsAnswered() throws Exception {
    Document configuration = configuration("");
    String secret = token("t", "viewer");
    try (Daemon daemon = open(configuration);
        ApiEndpoint api = ApiEndpoint.open(daemon, configuration.configuration().api());
        BufferedReader events = events(api, secret)) {
      int before = api.port();
      int moved = FreePorts.one();
      apply(daemon, "api: {listen: '127.0.0.1:%d', tokens: t}\n".formatted(moved));
      assertThat(api.port()).isEqualTo(moved);
      assertThat(ask(api, "/v1/networks", secret).getResponseCode()).isEqualTo(200);
      assertEnds(events);
      assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), before).close())
          .isInstanceOf(ConnectException.class);
      apply(daemon, "");
      assertThat(api.port()).isZero();
      assertThat(api.problem()).isEmpty();
      apply(daemon, "api: {listen: '127.0.0.1:%d', tokens: t}\n".formatted(before));
      assertThat(ask(api, "/v1/networks", secret).getResponseCode()).isEqualTo(200);
    }
  }

  @Test
  void anAddressThatIsTakenRefusesTheChangeAndTheFormerOneServesOn() throws Exception {
    LogWatch.expect("event=api-unavailable");
    Document configuration = configuration("");
    String secret = token("t", "viewer");
    try (Daemon daemon = open(configuration);
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ApiEndpoint api = ApiEndpoint.open(daemon, configuration.configuration().api())) {
      int before = api.port();
      String next = "api: {listen: '127.0.0.1:%d', tokens: t}\n".formatted(taken.getLocalPort());
      assertThatThrownBy(() -> apply(daemon, next))
          .hasMessageContaining("nobody can use it at 127.0.0.1:" + taken.getLocalPort());
      assertThat(api.port()).isEqualTo(before);
      assertThat(ask(api, "/v1/networks", secret).getResponseCode()).isEqualTo(200);
    }
  }

  @Test
  void whoseTokenIsGoneHearsNoMore() throws Exception {
    LogWatch.expect("event=api-token-refused");
    Document configuration = configuration("");
    String removed = token("t", "removed");
    String moved = token("t", "moved");
    String kept = token("other", "kept");
    try (Daemon daemon = open(configuration);
        ApiEndpoint api = ApiEndpoint.open(daemon, configuration.configuration().api());
        BufferedReader one = events(api, removed);
        BufferedReader two = events(api, moved)) {
      boolean _ = TokenFile.read(home.resolve("t")).remove("removed");
      assertEnds(one);
      int port = api.port();
      apply(daemon, "api: {listen: '127.0.0.1:%d', tokens: other}\n".formatted(port));
      assertEnds(two);
      assertThat(ask(api, "/v1/networks", moved).getResponseCode()).isEqualTo(401);
      assertThat(ask(api, "/v1/networks", kept).getResponseCode()).isEqualTo(200);
    }
  }

  @Test
  void aCertificateThatIsNotThereIsAProblem() throws Exception {
    LogWatch.expect("event=api-unavailable .*c.pem is not there");
    Document configuration = configuration(", tls: {certificate: c.pem, key: k.pem}");
    try (Daemon daemon = open(configuration);
        ApiEndpoint api = ApiEndpoint.open(daemon, configuration.configuration().api())) {
      assertThat(api.problem())
          .startsWith("nobody can use it at 127.0.0.1:")
          .contains("c.pem is not there");
    }
  }
}
