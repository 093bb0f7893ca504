package io.lanyard.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.json.JsonText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Resources that change: bodies of JSON, entity tags, names with any characters. */
@Timeout(240)
final class HttpChangesTest {
  @TempDir Path directory;
  private TestServer server;

  /** A resource of a table: its text and how often it was changed. */
  private record Thing(String text, int revision) {
    String tag() {
      return "\"" + revision + "\"";
    }
  }

  private final Map<String, Thing> things = new ConcurrentHashMap<>();

  @BeforeEach
  void open() throws IOException {
    Routes routes =
        new Routes("see /things")
            .add("GET", "/v1/networks/{network}/forwards/{forward}", this::get)
            .add("PUT", "/v1/networks/{network}/forwards/{forward}", this::put)
            .add("PATCH", "/v1/networks/{network}/forwards/{forward}", this::put)
            .add("DELETE", "/v1/networks/{network}/forwards/{forward}", this::delete)
            .add("POST", "/who", request -> Response.text("x/y", request.caller().name()));
    server = new TestServer(directory, routes);
  }

  @AfterEach
  void close() {
    server.close();
    assertThat(server.failures).isEmpty();
  }

  private static String key(Request request) {
    return request.parameter("network") + " " + request.parameter("forward");
  }

  private Response get(Request request) {
    Thing thing = things.get(key(request));
    if (thing == null) {
      throw Problem.notFound("thing", key(request), "");
    }
    return Response.text("text/plain", thing.text()).with("ETag", thing.tag());
  }

  private Response put(Request request) {
    Thing present = things.get(key(request));
    Thing thing =
        new Thing(JsonText.text(request.json()), present == null ? 1 : present.revision() + 1);
    things.put(key(request), thing);
    return Response.text("text/plain", thing.text()).with("ETag", thing.tag());
  }

  private Response delete(Request request) {
    things.remove(key(request));
    return Response.empty();
  }

  private String ask(String method, String headers, String body) throws IOException {
    String target = "/v1/networks/vmnet8/forwards/tcp%2F127.0.0.1%3A80+";
    return server.ask(
        method
            + " "
            + target
            + " HTTP/1.1\r\nHost: x\r\n"
            + headers
            + "Content-Length: "
            + body.length()
            + "\r\n\r\n"
            + body);
  }

  @Test
  void aNameMayHaveAnyCharacters() throws IOException {
    assertThat(ask("PUT", "", "{}")).startsWith("HTTP/1.1 200 ");
    assertThat(things).containsOnlyKeys("vmnet8 tcp/127.0.0.1:80+");
  }

  @Test
  void aThingIsPutAndChangedAndRemoved() throws IOException {
    assertThat(ask("PUT", "", "{\"a\": 1}")).containsIgnoringCase("etag: \"1\"\r\n");
    assertThat(ask("PATCH", "", "{\"a\": [1.50, null, \"\\n\"]}"))
        .containsIgnoringCase("etag: \"2\"\r\n")
        .endsWith("{\"a\":[1.50,null,\"\\n\"]}");
    assertThat(ask("DELETE", "", ""))
        .startsWith("HTTP/1.1 204 ")
        .doesNotContainIgnoringCase("content-length");
    assertThat(things).isEmpty();
  }

  @Test
  void aClientThatHasThePresentStateIsTold() throws IOException {
    ask("PUT", "", "{\"long\": \"text\"}");
    assertThat(ask("GET", "If-None-Match: \"0\", W/\"1\"\r\n", ""))
        .startsWith("HTTP/1.1 304 ")
        .containsIgnoringCase("etag: \"1\"\r\n")
        .doesNotContain("text");
    assertThat(ask("GET", "If-None-Match: \"0\"\r\n", "")).endsWith("{\"long\":\"text\"}");
    assertThat(ask("HEAD", "If-None-Match: *\r\n", "")).startsWith("HTTP/1.1 304 ");
  }

  @Test
  void aBodyOfAMegabyteIsTaken() throws IOException {
    String body = "{\"a\": \"" + "x".repeat(HttpServer.MAX_BODY - 9) + "\"}";
    assertThat(body).hasSize(HttpServer.MAX_BODY);
    assertThat(ask("PUT", "", body)).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void aBodyThatIsNotJsonIsAProblemWithItsPlace() throws IOException {
    assertThat(ask("PUT", "", "{\"a\":\n  1,}")).startsWith("HTTP/1.1 400 ").contains("line 2");
    assertThat(ask("PUT", "", "")).startsWith("HTTP/1.1 400 ");
    assertThat(ask("PUT", "Content-Type: text/html\r\n", "{}")).startsWith("HTTP/1.1 415 ");
    assertThat(ask("PUT", "Content-Type: application/json; charset=utf-8\r\n", "{}"))
        .startsWith("HTTP/1.1 200 ");
  }

  @Test
  void theSenderIsTheUserOfTheSocket() throws IOException {
    int user = io.lanyard.base.Directories.uid();
    assertThat(server.ask("POST /who HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"))
        .endsWith("user " + io.lanyard.linux.UserNames.of(user));
  }
}
