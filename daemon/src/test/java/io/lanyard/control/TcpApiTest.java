package io.lanyard.control;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.base.Clock;
import io.lanyard.control.api.Role;
import io.lanyard.control.client.DaemonAddress;
import io.lanyard.control.client.HttpClient;
import io.lanyard.control.http.HttpMeter;
import io.lanyard.control.http.HttpServer;
import io.lanyard.control.http.Limits;
import io.lanyard.control.http.Response;
import io.lanyard.control.http.Routes;
import io.lanyard.control.http.Tls;
import io.lanyard.control.token.TokenFile;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The API on TCP: with TLS, and by tokens. */
@Timeout(240)
final class TcpApiTest {
  @TempDir Path directory;
  private Path tokens;
  private HttpServer server;

  @BeforeEach
  void open() throws Exception {
    tokens = directory.resolve("tokens");
    Routes routes =
        new Routes("see /who")
            .add("GET", "/who", request -> Response.text("x/y", request.caller().name()))
            .add(Role.OPERATOR, "POST", "/work", request -> Response.empty())
            .add("PUT", "/change", request -> Response.empty())
            .add("GET", "/stream", request -> new Response.Stream("x/y", TcpApiTest::stream));
    HttpMeter meter =
        new HttpMeter() {
          @Override
          public void answered(int status, long nanos) {}

          @Override
          public void refused() {}

          @Override
          public void failed(Throwable cause) {
            throw new AssertionError(cause);
          }
        };
    HttpServer.Tcp tcp =
        new HttpServer.Tcp(
            "api",
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            Tls.load(resource("certificate.pem"), resource("key.pem")),
            new TokenCallers(tokens, Clock.system()));
    server = HttpServer.bind(tcp, Limits.API, routes, meter, AcceptWatch::handler);
  }

  @AfterEach
  void close() {
    server.close();
  }

  /** As a capture: it goes on until the client has said that it is enough, and has an end then. */
  private static void stream(InputStream in, OutputStream out) throws IOException {
    out.write("begun".getBytes(ISO_8859_1));
    in.transferTo(OutputStream.nullOutputStream());
    out.write("ended".getBytes(ISO_8859_1));
  }

  @Test
  void aStreamWhoseClientEndsItHasItsEndOverTlsToo() throws Exception {
    String secret = TokenFile.read(tokens).add("viewer", Role.VIEWER);
    DaemonAddress.Tcp address =
        DaemonAddress.Tcp.parse(
            "https://localhost:" + server.port(), directory.resolve("certificate.pem"), secret);
    try (HttpClient.Answer stream = new HttpClient(address).send("GET", "/stream")) {
      assertThat(stream.body().readNBytes(5)).asString(ISO_8859_1).isEqualTo("begun");
      stream.endOutput();
      assertThat(stream.bytes()).asString(ISO_8859_1).isEqualTo("ended");
    }
  }

  private Path resource(String name) throws IOException {
    Path file = directory.resolve(name);
    try (InputStream in = HttpServer.class.getResourceAsStream("tls/" + name)) {
      Files.write(file, in.readAllBytes());
    }
    return file;
  }

  private SSLContext client() throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (InputStream in = Files.newInputStream(directory.resolve("certificate.pem"))) {
      trusted.setCertificateEntry(
          "server", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private String ask(String method, String path, String token) throws Exception {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (Socket socket = client().getSocketFactory().createSocket(loopback, server.port())) {
      String authorization = token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n";
      socket
          .getOutputStream()
          .write(
              (method
                      + " "
                      + path
                      + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n"
                      + authorization
                      + "\r\n")
                  .getBytes(ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }
  }

  @Test
  void aRequestWithoutATokenIsRefused() throws Exception {
    assertThat(ask("GET", "/who", ""))
        .startsWith("HTTP/1.1 401 ")
        .containsIgnoringCase("www-authenticate: Bearer realm=\"lanyard\"\r\n")
        .contains("application/problem+json", "the request has no token");
    assertThat(ask("GET", "/nowhere", "")).startsWith("HTTP/1.1 401 ");
  }

  @Test
  void aTokenSaysWhoAsks() throws Exception {
    String secret = TokenFile.read(tokens).add("backup", Role.VIEWER);
    assertThat(ask("GET", "/who", secret)).startsWith("HTTP/1.1 200 ").endsWith("token backup");
  }

  @Test
  void aRoleMayDoWhatItIsFor() throws Exception {
    String viewer = TokenFile.read(tokens).add("viewer", Role.VIEWER);
    String operator = TokenFile.read(tokens).add("operator", Role.OPERATOR);
    String admin = TokenFile.read(tokens).add("admin", Role.ADMIN);
    assertThat(ask("POST", "/work", viewer))
        .startsWith("HTTP/1.1 403 ")
        .contains("token viewer may not do this", "it needs the role operator");
    assertThat(ask("POST", "/work", operator)).startsWith("HTTP/1.1 204 ");
    assertThat(ask("PUT", "/change", operator)).startsWith("HTTP/1.1 403 ");
    assertThat(ask("PUT", "/change", admin)).startsWith("HTTP/1.1 204 ");
  }

  @Test
  void aTokenThatIsRemovedIsRefusedAtOnce() throws Exception {
    LogWatch.expect("event=api-token-refused client=\"127\\.0\\.0\\.1\"");
    String secret = TokenFile.read(tokens).add("backup", Role.VIEWER);
    assertThat(ask("GET", "/who", secret)).startsWith("HTTP/1.1 200 ");
    TokenFile.read(tokens).remove("backup");
    assertThat(ask("GET", "/who", secret)).startsWith("HTTP/1.1 401 ");
    assertThat(LogWatch.count("event=api-token-refused")).isEqualTo(1);
  }

  @Test
  void aFileOfTokensThatIsBrokenLetsNobodyIn() throws Exception {
    LogWatch.expect("event=api-tokens-unreadable .*tokens:1: expected");
    Files.writeString(tokens, "nonsense\n");
    assertThat(ask("GET", "/who", "x")).startsWith("HTTP/1.1 503 ");
  }

  @Test
  void aClientThatSpeaksInTheClearIsLeft() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.getOutputStream().write("GET /who HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(ISO_8859_1));
      assertThat(new String(socket.getInputStream().readAllBytes(), ISO_8859_1))
          .doesNotContain("HTTP/1.1 200");
    }
    assertThat(ask("GET", "/who", "")).startsWith("HTTP/1.1 401 ");
  }

  @Test
  void aKeyThatIsNoneSaysSo() throws Exception {
    Path text = Files.writeString(directory.resolve("text"), "not a key");
    Path certificate = directory.resolve("certificate.pem");
    assertThatThrownBy(() -> Tls.load(certificate, text))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("text (PEM");
    assertThatThrownBy(() -> Tls.load(certificate, directory.resolve("gone")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("gone is not there");
  }
}
