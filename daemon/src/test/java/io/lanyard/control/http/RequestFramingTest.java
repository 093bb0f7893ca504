package io.lanyard.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A request that a proxy may read as another one than the server does is refused, and what follows
 * it on the connection is not read (RFC 9112 sections 2.2, 3.2, 5, 6 and 11.2).
 */
@Timeout(240)
final class RequestFramingTest {
  /** The second request in the bytes of the first: no test may see its answer. */
  private static final String SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

  @TempDir Path directory;
  private TestServer server;

  @BeforeEach
  void open() throws IOException {
    Routes routes =
        new Routes("try /echo")
            .add("GET", "/smuggled", request -> Response.text("text/plain", "smuggled"))
            .add("POST", "/echo", request -> new Response.Body(200, "x/y", request.body()));
    server = new TestServer(directory, routes);
  }

  @AfterEach
  void close() {
    server.close();
    assertThat(server.failures).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      value = {
        // Two lengths.
        "Host: x|Content-Length: 5|Transfer-Encoding: chunked||0|| ! 400",
        "Host: x|Transfer-Encoding: chunked|Content-Length: 5||0|| ! 400",
        "Host: x|Content-Length: 1|Content-Length: 1||a ! 400",
        "Host: x|Content-Length: 1|Content-Length: 2||a ! 400",
        "Host: x|Content-Length: 1, 1||a ! 400",
        // Lengths that are no numbers, or that one of two readers takes for another one.
        "Host: x|Content-Length: +1||a ! 400",
        "Host: x|Content-Length: -1||a ! 400",
        "Host: x|Content-Length: 0x1||a ! 400",
        "Host: x|Content-Length: 1 1||a ! 400",
        "Host: x|Content-Length: 99999999999999999999|| ! 400",
        "Host: x|Content-Length: ||a ! 400",
        // Codings that are not known, or not the last, or repeated.
        "Host: x|Transfer-Encoding: gzip, chunked||0|| ! 501",
        "Host: x|Transfer-Encoding: chunked, gzip||0|| ! 4",
        "Host: x|Transfer-Encoding: xchunked||0|| ! 4",
        "Host: x|Transfer-Encoding: identity||0|| ! 4",
        "Host: x|Transfer-Encoding: chunked|Transfer-Encoding: chunked||0|| ! 400",
        "Host: x|Transfer-Encoding: chunked|Transfer-Encoding: identity||0|| ! 4",
        "Host: x|Transfer-Encoding : chunked||0|| ! 400",
        "Host: x|Transfer-Encoding:~chunked||0|| ! 4",
        "Host: x|Transfer-Encoding: chunked;q=1||0|| ! 4",
        // Folded lines, and lines without an end of their own.
        "Host: x|X: a| b|Content-Length: 1||a ! 400",
        "Host: x|X: a|^b|Content-Length: 1||a ! 400",
        "&Host: x|Content-Length: 1||a ! 400",
        "Host: x|X: a|^||Content-Length: 1||a ! 400",
        "Host: x_X: a||Content-Length: 1 ! 400",
        "Host: x_Content-Length: 1__a ! 400",
        "Host: x|Content-Length: 1|_a ! 400",
        "Host: x|X: a>Y: b|Content-Length: 1||a ! 400",
        // Names that are no names.
        "Host: x|Content-Length : 1||a ! 400",
        "Host: x|Content Length: 1||a ! 400",
        "Host: x|: 1|Content-Length: 1||a ! 400",
        "Host: x|nothing|Content-Length: 1||a ! 400",
        "Host: x|X: a@b|Content-Length: 1||a ! 400",
        // No host, and two.
        "Content-Length: 1||a ! 400",
        "Host: x|Host: y|Content-Length: 1||a ! 400",
        // Chunks whose lengths two readers may take for different ones.
        "Host: x|Transfer-Encoding: chunked||+1|a|0|| ! 400",
        "Host: x|Transfer-Encoding: chunked||0x1|a|0|| ! 400",
        "Host: x|Transfer-Encoding: chunked||-1|a|0|| ! 400",
        "Host: x|Transfer-Encoding: chunked|||a|0|| ! 400",
        "Host: x|Transfer-Encoding: chunked||100000000|a|0|| ! 4",
        "Host: x|Transfer-Encoding: chunked||1_a|0|| ! 400",
        "Host: x|Transfer-Encoding: chunked||1;x_y|a|0|| ! 400",
        "Host: x|Transfer-Encoding: chunked||1|ab|0|| ! 400",
        "Host: x|Transfer-Encoding: chunked||1|a_0|| ! 400",
      })
  void aRequestThatMayBeTwoIsRefused(String rest, String status) throws IOException {
    String bytes =
        ("POST /echo HTTP/1.1|" + rest)
            .replace("|", "\r\n")
            .replace('&', ' ')
            .replace('_', '\n')
            .replace('>', '\r')
            .replace('^', '\t')
            .replace('~', '\u000b')
            .replace('@', '\0');
    String answers = server.ask(bytes + SMUGGLED);
    assertThat(answers).as(bytes).startsWith("HTTP/1.1 " + status.strip());
    assertThat(answers).as(bytes).doesNotContain("smuggled").contains("application/problem+json");
    assertThat(answers.split("HTTP/1\\.1 [0-9]", -1)).as(bytes).hasSize(2);
  }

  @Test
  void chunksNeedVersion11() throws IOException {
    String request = "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assertThat(server.ask(request + SMUGGLED))
        .startsWith("HTTP/1.1 400 ")
        .doesNotContain("smuggled");
  }

  @Test
  void aFoldedLineIsFoundWhereverTheBytesArePartedToo() throws IOException {
    String request = "POST /echo HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n";
    for (int i = 1; i < request.length() - 1; i++) {
      try (SocketChannel client = server.connect()) {
        TestServer.say(client, request.substring(0, i));
        server.ask(SMUGGLED);
        TestServer.say(client, request.substring(i));
        assertThat(TestServer.hear(client, "\r\n")).startsWith("HTTP/1.1 400 ");
      }
    }
  }

  @Test
  void aBodyMayHaveLinesThatBeginWithSpaces() throws IOException {
    String body = "a\n b\r\n\tc";
    String request = "POST /echo HTTP/1.1\r\nHost: x\r\n";
    assertThat(
            server.ask(request + "Content-Length: " + body.length() + "\r\n\r\n" + body + SMUGGLED))
        .contains("\r\n\r\n" + body)
        .endsWith("smuggled");
    String chunk = Integer.toHexString(body.length()) + ";name=value\r\n" + body + "\r\n";
    assertThat(
            server.ask(
                request
                    + "Transfer-Encoding: Chunked\r\n\r\n"
                    + chunk
                    + chunk
                    + "0\r\nTrailer: x\r\n\r\n"
                    + SMUGGLED))
        .contains("\r\n\r\n" + body + body)
        .endsWith("smuggled");
  }
}
