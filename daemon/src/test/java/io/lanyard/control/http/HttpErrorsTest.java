package io.lanyard.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.Await;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every error is a problem in the form of RFC 9457, in its turn. */
@Timeout(240)
final class HttpErrorsTest {
  private static final String HELLO = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

  @TempDir Path directory;
  private TestServer server;

  @BeforeEach
  void open() throws IOException {
    Routes routes =
        new Routes("try /hello")
            .add("GET", "/hello", request -> Response.text("text/plain", "hello"))
            .add("GET", "/endless", request -> new Response.Stream("x/y", (in, out) -> in.read()))
            .add("POST", "/echo", request -> new Response.Body(200, "x/y", request.body()))
            .add("POST", "/text", request -> Response.text("x/y", request.text()))
            .add("POST", "/json", request -> Json.response(request.json()))
            .add(
                "PUT",
                "/wrong",
                request -> {
                  throw Problem.refused(422, "it is wrong", "", List.of("a: one", "b: two"))
                      .because("invalid");
                });
    server = new TestServer(directory, routes);
  }

  @AfterEach
  void close() {
    server.close();
    assertThat(server.failures).isEmpty();
  }

  private void assertProblem(String answer, int status) {
    assertThat(answer)
        .startsWith("HTTP/1.1 " + status + " ")
        .contains("content-type: application/problem+json\r\n")
        .contains("\"status\":" + status + ",\"reason\":\"");
  }

  @ParameterizedTest
  @CsvSource({
    "GET /nowhere HTTP/1.1|Host: x||, 404",
    "GET /%zz HTTP/1.1|Host: x||, 400",
    "DELETE /hello HTTP/1.1|Host: x||, 405",
    "BREW /hello HTTP/1.1|Host: x||, 405",
    "OPTIONS /nowhere HTTP/1.1|Host: x||, 404",
    "POST /echo HTTP/1.1|Host: x|Content-Length: 1048577||, 413",
    "POST /echo HTTP/1.1|Host: x|Content-Length: 1048577|Expect: 100-continue||, 413",
    "POST /echo HTTP/1.1|Host: x|Content-Length: 1|Expect: a-miracle||x, 417",
    "POST /echo HTTP/1.1|Host: x|Content-Length: x||, 400",
    "POST /echo HTTP/1.1|Host: x|Content-Length: 1|Content-Length: 2||ab, 400",
    "GET /hello HTTP/2.0|Host: x||, 505",
    "nonsense||, 400",
    "PUT /wrong HTTP/1.1|Host: x|Content-Length: 2||{}, 422",
    "POST /text HTTP/1.1|Host: x|Content-Encoding: gzip|Content-Length: 2||ab, 415",
    "POST /text HTTP/1.1|Host: x|Content-Encoding: identity; gzip|Content-Length: 2||ab, 415",
    "POST /text HTTP/1.1|Host: x|Content-Length: 2||a\u00e4, 400",
    "POST /text HTTP/1.1|Host: x|Content-Length: 2||\u00c0\u0080, 400",
    "POST /text HTTP/1.1|Host: x|Content-Length: 3||\u00ed\u00a0\u0080, 400",
    "POST /text HTTP/1.1|Host: x|Content-Type: text/plain;charset=latin1|Content-Length: 1||a, 415",
    "POST /json HTTP/1.1|Host: x|Content-Length: 4||{@}@, 400",
    "POST /json HTTP/1.1|Host: x|Content-Length: 3||{\u00ff}, 400",
  })
  void anErrorIsAProblem(String request, int status) throws IOException {
    assertProblem(server.ask(request.replace("|", "\r\n").replace("@", "\0")), status);
    assertThat(server.ask(HELLO)).endsWith("hello");
  }

  @Test
  void aBodyMaySayThatItIsPlain() throws IOException {
    String head =
        "POST /text HTTP/1.1|Host: x|Content-Type: a/b; Charset=\"UTF-8\"|Content-Encoding: Identity|"
            .replace("|", "\r\n");
    assertThat(server.ask(head + "Content-Length: 2\r\n\r\n\u00c3\u00a4"))
        .endsWith("\r\n\r\n\u00c3\u00a4");
  }

  @Test
  void aCodingThatIsNotKnownIsToldWithThoseThatAre() throws IOException {
    assertThat(
            server.ask(
                "POST /text HTTP/1.1|Host: x|Content-Encoding: br|Content-Length: 1||a"
                    .replace("|", "\r\n")))
        .containsIgnoringCase("accept-encoding: identity\r\n");
  }

  @Test
  void linesAndHeadersThatAreTooLongAreToldApart() throws IOException {
    assertProblem(server.ask("GET /" + "x".repeat(10_000) + " HTTP/1.1\r\n\r\n"), 414);
    assertProblem(server.ask("GET /hello HTTP/1.1\r\nH: " + "y".repeat(20_000) + "\r\n\r\n"), 431);
  }

  @Test
  void everythingThatIsWrongIsListed() throws IOException {
    assertThat(server.ask("PUT /wrong HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"))
        .contains("\"reason\":\"invalid\"", "\"errors\":[\"a: one\",\"b: two\"]");
  }

  @Test
  void aBodyInChunksThatGrowsTooLongIsRefused() throws IOException {
    StringBuilder request =
        new StringBuilder("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 70; i++) {
      request.append("4000\r\n").append("x".repeat(0x4000)).append("\r\n");
    }
    assertProblem(server.ask(request.toString()), 413);
  }

  @Test
  void aClientThatSendsABodyThatIsTooLongStillReadsWhy() throws IOException {
    String head = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n";
    assertProblem(server.ask(head + "x".repeat(3_000_000)), 413);
  }

  @Test
  void aRefusalWaitsForItsTurn() throws IOException {
    String refused = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n";
    String answers = server.ask(HELLO + HELLO + refused);
    assertThat(answers.split("HTTP/1\\.1 ", -1))
        .extracting(answer -> answer.isEmpty() ? "" : answer.substring(0, 3))
        .containsExactly("", "200", "200", "413");
  }

  @Test
  void nothingIsTakenAfterARefusal() throws IOException {
    String refused = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n";
    assertThat(server.ask(refused + HELLO)).doesNotContain("200 OK");
  }

  @Test
  void aClientThatTakesLongForItsFirstRequestIsTold() throws IOException {
    Limits limits = new Limits(20, 2, 20, Duration.ofMillis(50));
    Path other = Files.createDirectory(directory.resolve("other"));
    try (TestServer hasty = new TestServer(other, new Routes(""), limits)) {
      Await.until(
          "a client that began in time",
          () -> {
            try (SocketChannel slow = hasty.connect()) {
              TestServer.say(slow, "GET /hel");
              String answer = TestServer.hear(slow, "\"}");
              if (!answer.isEmpty()) {
                assertProblem(answer, 408);
              }
              return !answer.isEmpty();
            } catch (IOException e) {
              return false; // it was closed before the first word: a busy machine
            }
          });
    }
  }

  @Test
  void aRequestOfTwoLengthsIsOneRequest() throws IOException {
    // By RFC 9112 section 6.3 the chunks count, and not the length that would end it later.
    String smuggled =
        """
        POST /echo HTTP/1.1
        Host: x
        Content-Length: 60
        Transfer-Encoding: chunked

        0

        GET /nowhere HTTP/1.1
        Host: x

        """
            .replace("\n", "\r\n");
    String answers = server.ask(smuggled);
    assertThat(answers).startsWith("HTTP/1.1 ").doesNotContain("hello");
  }

  @Test
  void theMethodsOfAPathAreTold() throws IOException {
    assertThat(server.ask("OPTIONS /hello HTTP/1.1\r\nHost: x\r\n\r\n"))
        .startsWith("HTTP/1.1 204 ")
        .containsIgnoringCase("allow: GET, HEAD, OPTIONS\r\n")
        .doesNotContainIgnoringCase("content-length");
    assertThat(server.ask("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"))
        .startsWith("HTTP/1.1 204 ")
        .containsIgnoringCase("allow: GET, POST, PUT, HEAD, OPTIONS\r\n");
  }

  @Test
  void theHeadOfAStreamSaysNoLength() throws IOException {
    assertThat(server.ask("HEAD /endless HTTP/1.1\r\nHost: x\r\n\r\n"))
        .startsWith("HTTP/1.1 200 ")
        .containsIgnoringCase("content-type: x/y\r\n")
        .containsIgnoringCase("transfer-encoding: chunked\r\n")
        .doesNotContainIgnoringCase("content-length")
        .endsWith("\r\n\r\n");
  }

  @Test
  void theHeadOfAnErrorHasNoBody() throws IOException {
    assertThat(server.ask("HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"))
        .startsWith("HTTP/1.1 404 ")
        .endsWith("\r\n\r\n");
  }

  @Test
  void aTargetMayNameTheServer() throws IOException {
    assertThat(server.ask("GET http://lanyard/hello HTTP/1.1\r\nHost: lanyard\r\n\r\n"))
        .endsWith("hello");
    assertProblem(server.ask("GET http://lanyard HTTP/1.1\r\nHost: lanyard\r\n\r\n"), 404);
  }

  @Test
  void aClientThatExpectsAWordBeforeItSendsGetsIt() throws IOException {
    String head =
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    try (SocketChannel client = server.connect()) {
      TestServer.say(client, head);
      assertThat(TestServer.hear(client, "\r\n\r\n")).startsWith("HTTP/1.1 100 ");
      TestServer.say(client, "hello");
      assertThat(TestServer.hear(client, "hello")).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void soManyLargeBodiesAtATimeAreTaken() throws IOException {
    String large = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n";
    SocketChannel[] open = new SocketChannel[16];
    try (SocketChannel late = server.connect()) {
      for (int i = 0; i < open.length; i++) {
        open[i] = server.connect();
        TestServer.say(open[i], large);
      }
      // The server has read the heads when it answers a request that came after them.
      assertThat(server.ask(HELLO)).endsWith("hello");
      TestServer.say(late, large);
      assertThat(TestServer.hear(late, "\"}"))
          .startsWith("HTTP/1.1 503 ")
          .containsIgnoringCase("retry-after: 1\r\n");
    } finally {
      for (SocketChannel channel : open) {
        if (channel != null) {
          channel.close();
        }
      }
    }
    // Their places are free when the server has read that they have gone.
    String whole = large + "x".repeat(100_000);
    Await.until("a large body is taken", () -> server.ask(whole).startsWith("HTTP/1.1 200 "));
  }
}
