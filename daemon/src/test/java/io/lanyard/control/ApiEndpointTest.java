package io.lanyard.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Directories;
import io.lanyard.config.Document;
import io.lanyard.control.api.Role;
import io.lanyard.control.token.TokenFile;
import io.lanyard.daemon.Daemon;
import io.lanyard.testing.LogWatch;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A daemon that serves its API on TCP. */
@Timeout(60)
final class ApiEndpointTest {
  @TempDir Path home;

  private Document configuration(String more) throws Exception {
    int free;
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      free = probe.getLocalPort();
    }
    return Document.of(
        "test",
        "version: 1\nnetworks: {a: {mode: isolated}}\napi: {listen: '127.0.0.1:%d', tokens: t%s}\n"
            .formatted(free, more),
        home);
  }

  private Daemon open(Document configuration) throws Exception {
    Directories directories =
        new Directories(home.resolve("s"), home.resolve("r"), home.resolve("i"));
    return Daemon.open(Daemon.Settings.of(configuration, directories));
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
