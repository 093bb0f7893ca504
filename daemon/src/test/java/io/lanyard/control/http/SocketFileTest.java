package io.lanyard.control.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.control.AcceptWatch;
import io.lanyard.control.client.HttpClient;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The file of a server's UNIX socket. */
@Timeout(240)
final class SocketFileTest {
  private static final String HELLO = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

  @TempDir Path directory;
  private TestServer server;

  @BeforeEach
  void open() throws IOException {
    Routes routes = new Routes("see /hello");
    routes.add("GET", "/hello", request -> Response.text("text/plain", "hello"));
    server = new TestServer(directory, routes);
  }

  @AfterEach
  void close() {
    server.close();
    assertThat(server.socket()).doesNotExist();
  }

  @Test
  void theSocketIsForOwnerAndGroupOnly() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(server.socket())))
        .isEqualTo("rw-rw----");
  }

  private String hint(Path path, String group) {
    return assertThatExceptionOfType(SocketFileException.class)
        .isThrownBy(() -> open(path, group))
        .actual()
        .hint();
  }

  @Test
  void aSocketThatCannotBeSaysWhatToDo() {
    assertThat(hint(directory.resolve("x".repeat(107)), "root"))
        .contains("a shorter path", "--runtime-dir")
        .doesNotContain("--group");
    assertThat(hint(directory, "root")).contains("--runtime-dir").doesNotContain("--group");
    assertThat(hint(directory.resolve("a.sock"), "no-such-group"))
        .contains("--group")
        .doesNotContain("--runtime-dir");
  }

  private static HttpServer open(Path path, @Nullable String group) throws IOException {
    return HttpServer.bind(
        path,
        group,
        0,
        Limits.API,
        new Routes("openapi.json lists what there is"),
        new SilentMeter(),
        AcceptWatch::handler);
  }

  @Test
  void aSocketThatCannotBeSaysWhy() throws IOException {
    assertThatThrownBy(() -> open(Files.createDirectory(directory.resolve("d")), "root"))
        .hasMessageContaining("it is a directory");
    assertThatThrownBy(() -> open(directory.resolve("x".repeat(107)), "root"))
        .hasMessageContaining("at most 107 bytes");
    assertThatThrownBy(() -> open(directory.resolve("a.sock"), "no-such-group"))
        .hasMessageContaining("there is no group no-such-group");
    try (var left = Files.list(directory)) {
      assertThat(left.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("d", "api.sock");
    }
    assertThat(server.failures).isEmpty();
  }

  @Test
  void aSocketThatIsServedIsNotTaken() throws IOException {
    assertThatThrownBy(() -> open(server.socket(), null))
        .isInstanceOf(IOException.class)
        .hasMessage("cannot listen on " + server.socket() + ": another process listens there");
    assertThat(server.ask(HELLO)).endsWith("hello");
  }

  @Test
  void aFileThatIsNoSocketIsNotReplaced() throws IOException {
    Path file = Files.writeString(directory.resolve("precious"), "data");

    assertThatThrownBy(() -> open(file, null))
        .isInstanceOf(IOException.class)
        .hasMessage("cannot listen on " + file + ": there is a file that is no socket");
    assertThat(file).hasContent("data");
  }

  @Test
  void aSocketThatADeadServerLeftIsReplaced() throws IOException {
    Path left = directory.resolve("left.sock");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(left));
    }
    try (HttpServer _ = open(left, null);
        HttpClient.Answer answer = new HttpClient(left).send("GET", "/")) {
      assertThat(answer.status()).isEqualTo(404);
    }
  }
}
