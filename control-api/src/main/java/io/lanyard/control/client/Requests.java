package io.lanyard.control.client;

import io.lanyard.control.api.PlanInfo;
import io.lanyard.control.api.ProblemInfo;
import io.lanyard.control.json.JsonException;
import io.lanyard.control.json.JsonText;
import io.lanyard.control.json.RecordReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Requests to a daemon: the answer as records, as text or as a stream, and a {@link
 * RefusedException} where the daemon refuses.
 *
 * <p>Thread: any. Calls block.
 */
final class Requests {
  static final byte[] NO_BODY = new byte[0];

  /** The headers of a request whose body is JSON. */
  static final Map<String, String> AS_JSON = Map.of("Content-Type", "application/json");

  private static final Map<String, String> AS_YAML = Map.of("Content-Type", "application/yaml");

  private final HttpClient http;

  Requests(HttpClient http) {
    this.http = http;
  }

  /** A body: records and plain values as JSON. */
  static byte[] bytes(Object body) {
    return JsonText.bytes(body);
  }

  /** Asks for one record. */
  <T extends Record> Reply<T> one(Class<T> type, String method, String target) throws IOException {
    return record(type, text(method, target, Map.of(), NO_BODY));
  }

  /** The answer that some JSON is. */
  static <T extends Record> Reply<T> record(Class<T> type, String json) throws JsonException {
    return new Reply<>(RecordReader.read(type, JsonText.parse(json)), json);
  }

  /** Asks for a list of records. */
  <T extends Record> Reply<List<T>> list(Class<T> type, String target) throws IOException {
    String json = text("GET", target, Map.of(), NO_BODY);
    return new Reply<>(RecordReader.readList(type, JsonText.parse(json)), json);
  }

  /** Asks for a change, the options of which are the query. */
  Reply<PlanInfo> changeByJson(String method, String path, byte[] body, ChangeOptions options)
      throws IOException {
    return change(method, path + options.query(), AS_JSON, body, options);
  }

  /** Asks for a change that a file says; the target has the options. */
  Reply<PlanInfo> changeByYaml(String method, String target, byte[] body, ChangeOptions options)
      throws IOException {
    return change(method, target, AS_YAML, body, options);
  }

  private Reply<PlanInfo> change(
      String method, String target, Map<String, String> type, byte[] body, ChangeOptions options)
      throws IOException {
    Long revision = options.ifRevision();
    Map<String, String> headers = new LinkedHashMap<>(type);
    if (revision != null) {
      headers.put("If-Match", "\"" + revision + "\"");
    }
    Hold hold = options.hold();
    if (hold == null || !options.isHeld()) {
      return record(PlanInfo.class, text(method, target, headers, body));
    }
    HttpClient.Answer answer = open(method, target, headers, body);
    try {
      return hold.begin(answer);
    } catch (IOException | RuntimeException e) {
      answer.close();
      throw e;
    }
  }

  /** Asks for something whose answer has no content. */
  void act(String method, String target) throws IOException {
    var _ = text(method, target, Map.of(), NO_BODY);
  }

  /** Sends a value of which nothing is answered. */
  void put(String target, Object value) throws IOException {
    var _ = text("PUT", target, AS_JSON, bytes(value));
  }

  /** Asks for text. */
  String text(String target) throws IOException {
    return text("GET", target, Map.of(), NO_BODY);
  }

  private String text(String method, String target, Map<String, String> headers, byte[] body)
      throws IOException {
    try (HttpClient.Answer answer = open(method, target, headers, body)) {
      return new String(answer.bytes(), StandardCharsets.UTF_8);
    }
  }

  /** Asks for what is read as it comes; the answer is to be closed. */
  HttpClient.Answer open(String target) throws IOException {
    return open("GET", target, Map.of(), NO_BODY);
  }

  /** Asks in any way; the answer is to be closed. */
  HttpClient.Answer open(String method, String target, Map<String, String> headers, byte[] body)
      throws IOException {
    return checked(http.send(method, target, headers, body));
  }

  /** Makes a connection one of bytes both ways; the answer is to be closed. */
  HttpClient.Answer upgrade(String target, String protocol) throws IOException {
    return checked(http.upgrade(target, protocol));
  }

  private static HttpClient.Answer checked(HttpClient.Answer answer) throws IOException {
    if (answer.status() < 400) {
      return answer;
    }
    try (answer) {
      throw new RefusedException(problem(answer));
    }
  }

  private static ProblemInfo problem(HttpClient.Answer answer) throws IOException {
    @Nullable ProblemInfo problem;
    try {
      String json = new String(answer.bytes(), StandardCharsets.UTF_8);
      problem = RecordReader.read(ProblemInfo.class, JsonText.parse(json));
    } catch (JsonException e) {
      problem = null;
    }
    return problem == null || problem.title().isEmpty()
        ? new ProblemInfo(
            "about:blank",
            answer.status(),
            "",
            "the daemon answered with status " + answer.status(),
            "",
            "",
            List.of())
        : problem;
  }
}
