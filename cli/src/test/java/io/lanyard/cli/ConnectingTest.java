package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.lanyard.testing.FreePorts;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A daemon that is reached over TCP, with TLS and a token. */
@Timeout(240)
final class ConnectingTest {
  private static final String STATUS = "{\"version\":\"9.8.7\",\"pid\":5,\"problems\":[]}";
  private static final char[] NO_PASSWORD = {};

  @TempDir Path directory;
  private final Said said = new Said();
  private final List<HttpServer> servers = new ArrayList<>();
  private volatile String authorization = "";
  private Path authority;
  private Path token;

  @BeforeEach
  void write() throws IOException {
    authority = Files.writeString(directory.resolve("ca.pem"), resource("certificate.pem"));
    token = Files.writeString(directory.resolve("token"), "lanyard_abc123\n");
  }

  @AfterEach
  void stop() {
    servers.forEach(server -> server.stop(0));
    said.close();
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = ConnectingTest.class.getResourceAsStream("tls/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
    }
  }

  private static SSLContext context() throws Exception {
    Certificate certificate;
    try (InputStream in = ConnectingTest.class.getResourceAsStream("tls/certificate.pem")) {
      certificate = CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
    String key = resource("key.pem").replaceAll("-----[A-Z ]+-----|\\s", "");
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        "server",
        KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm())
            .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(key))),
        NO_PASSWORD,
        new Certificate[] {certificate});
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, NO_PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  private int serve(HttpServer server) {
    server.createContext("/v1/status", this::answer);
    server.start();
    servers.add(server);
    return server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    authorization = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
    byte[] body = STATUS.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private int tls() throws Exception {
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getByName("0.0.0.0"), 0), 1);
    server.setHttpsConfigurator(new HttpsConfigurator(context()));
    return serve(server);
  }

  private int plain() throws IOException {
    return serve(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1));
  }

  private int run(String... words) {
    return said.execute(List.of(words));
  }

  @Test
  void aCommandReachesADaemonOverTls() throws Exception {
    String url = "https://127.0.0.1:" + tls();
    assertThat(
            run(
                "status",
                "--connect",
                url,
                "--ca-file",
                authority.toString(),
                "--token-file",
                token.toString()))
        .as(said.err())
        .isZero();
    assertThat(said.out()).contains("lanyard 9.8.7, process 5");
    assertThat(authorization).isEqualTo("Bearer lanyard_abc123");
  }

  @Test
  void aDaemonThatNobodyVouchesForIsNotAsked() throws Exception {
    assertThat(run("status", "--connect", "https://127.0.0.1:" + tls())).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("is signed by nobody who is trusted", "--ca-file");
    assertThat(authorization).isEmpty();
  }

  @Test
  void aDaemonWithTheCertificateOfAnotherNameIsNotAsked() throws Exception {
    String url = "https://127.0.0.2:" + tls();
    assertThat(run("status", "--connect", url, "--ca-file", authority.toString()))
        .isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("is not good for this name");
    assertThat(authorization).isEmpty();
  }

  @Test
  void aDaemonWithoutTlsIsSaid() throws Exception {
    try (ServerSocket clear = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread answer = Thread.ofPlatform().start(() -> answerInTheClear(clear));
      String url = "https://127.0.0.1:" + clear.getLocalPort();
      assertThat(run("status", "--connect", url)).isEqualTo(Lanyard.FAILED);
      assertThat(said.err()).contains("speaks no TLS", "http://");
      answer.join();
    }
    int port = plain();
    assertThat(run("status", "--connect", "http://127.0.0.1:" + port)).as(said.err()).isZero();
  }

  @Test
  void aDaemonThatWantsTlsIsSaid() throws Exception {
    assertThat(run("status", "--connect", "http://127.0.0.1:" + tls())).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("closed the connection without an answer", "wants https://");
  }

  @Test
  void aCallerWithoutATokenIsToldHowToGiveOne() throws Exception {
    String refusal =
        "{\"type\":\"about:blank\",\"status\":401,\"title\":\"the request has no"
            + " token\",\"reason\":\"\",\"where\":\"\",\"hint\":\"send"
            + " Authorization\",\"errors\":[]}";
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
    server.createContext(
        "/v1/networks",
        exchange -> {
          byte[] body = refusal.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(401, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    String url = "http://127.0.0.1:" + serve(server);
    assertThat(run("network", "ls", "--connect", url)).isEqualTo(Lanyard.FAILED);
    assertThat(said.err())
        .isEqualTo(
            """
            lanyard: the request has no token
            give one with --token-file or LANYARD_TOKEN; "lanyard token add" prints one
            """);
  }

  private static void answerInTheClear(ServerSocket server) {
    try (Socket client = server.accept()) {
      client.getOutputStream().write("HTTP/1.1 400 x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      var _ = client.getInputStream().read(new byte[4096]);
    } catch (IOException e) {
      // The client has seen enough.
    }
  }

  @Test
  void whatIsWrongIsSaidWithItsRemedy() throws IOException {
    int closed = FreePorts.one();
    assertThat(run("status", "--connect", "https://127.0.0.1:" + closed)).isEqualTo(1);
    assertThat(said.err()).contains("no daemon answers at https://127.0.0.1:" + closed, "api:");
    for (String url :
        List.of(
            "lab",
            "lab:8443",
            "localhost:8443",
            "mailto:a@lab:1",
            "unix:///run/lanyard/api.sock",
            "/run/lanyard/api.sock",
            "ftp://lab:1",
            "https:lab:1",
            "https://lab",
            "https://lab:0",
            "https://a:1/x")) {
      assertThat(run("status", "--connect", url)).isEqualTo(Lanyard.BAD_USAGE);
      assertThat(said.err()).contains("expected https://HOST:PORT, found " + url);
    }
    Files.writeString(token, "\n");
    String url = "https://127.0.0.1:" + closed;
    assertThat(run("status", "--connect", url, "--token-file", token.toString())).isEqualTo(1);
    assertThat(said.err()).contains("has no token", "lanyard token add");
    Files.writeString(token, "a b\nHost: x");
    assertThat(run("status", "--connect", url, "--token-file", token.toString())).isEqualTo(1);
    assertThat(said.err())
        .contains("characters that no token has", "lanyard token add")
        .doesNotContain("Host", "--connect");
    assertThat(run("status", "--connect", url, "--ca-file", token.toString())).isEqualTo(1);
    assertThat(run("status", "--connect", url, "--socket", "/x")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).contains("name two daemons");
  }
}
