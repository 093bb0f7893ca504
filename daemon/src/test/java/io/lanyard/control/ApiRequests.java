package io.lanyard.control;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Random requests of the operations of an OpenAPI document: right ones, nearly right ones and
 * hostile ones.
 *
 * <p>What a right body holds makes no device and reaches no network but the daemon's own.
 */
final class ApiRequests {
  private static final List<String> NAMES =
      List.of("vmnet8", "alone", "g", "idle", "q", "new1", "web", "start", "1", "0");

  /** The names that a segment of a path may be, which are there now and then. */
  private static final Map<String, List<String>> KNOWN =
      Map.of(
          "{network}", List.of("vmnet8", "vmnet8", "alone", "new1"),
          "{guest}", List.of("g", "idle"),
          "{group}", List.of("lab", "new1"),
          "{port}", List.of("q", "p1", "qemu2"),
          "{forward}", List.of("web", "f1"),
          "{mac}", List.of("52:54:00:00:00:77", "52:54:00:00:00:10"),
          "{name}", List.of("printer", "web"),
          "{revision}", List.of("1", "2", "3", "10"));

  /** Paths of edits. */
  private static final List<String> EDITED =
      List.of("networks.new1", "networks.vmnet8.nat", "networks.vmnet8.ports[p1]", "log", "guests");

  private static final List<String> HOSTILE =
      List.of(
          "",
          ".",
          "..",
          "../../etc/passwd",
          "a/b",
          "tcp/127.0.0.1:80",
          "\u0000",
          "%",
          "%2F",
          "ä\ud83d\ude00",
          "-1",
          "99999999999999999999",
          "true",
          "'; DROP TABLE",
          "x".repeat(300),
          "\"1\"",
          "null",
          "\r\nX: y");

  private static final List<String> BODIES =
      List.of(
          "{}",
          "[]",
          "null",
          "1",
          "\"text\"",
          "{\"mode\": \"isolated\"}",
          "{\"mode\": \"isolated\", \"mtu\": 1400}",
          "{\"mode\": \"nat\", \"ipv4\": {\"subnet\": \"192.168.131.0/24\"}}",
          "{\"kind\": \"qemu-stream\", \"path\": \"fuzz.sock\"}",
          "{\"protocol\": \"tcp\", \"listen\": \"127.0.0.1:1\", \"to\": \"192.168.127.9:80\"}",
          "{\"mac\": \"52:54:00:00:00:77\", \"address\": \"192.168.127.77\"}",
          "{\"edits\": [{\"operation\": \"set\", \"path\": \"log.level\", \"value\": \"info\"}]}",
          "{\"edits\": [{\"operation\": \"remove\", \"path\": \"networks.new1\"}]}",
          "version: 1\nnetworks: {vmnet8: {mode: isolated}}\n",
          "\"info\"",
          "info");

  private static final List<String> TYPES =
      List.of("application/json", "application/json", "application/yaml", "text/csv");

  private static final List<String> HEADERS =
      List.of(
          "If-Match",
          "If-None-Match",
          "Last-Event-ID",
          "Content-Type",
          "Content-Encoding",
          "Accept",
          "Range");

  private final JsonNode paths;
  private final List<String[]> operations = new ArrayList<>();
  private final SplittableRandom random;
  private final SchemaValues values;

  /**
   * A request.
   *
   * @param method GET, POST...
   * @param target percent-encoded
   * @param headers by name
   * @param body its bytes
   */
  @SuppressWarnings("ArrayRecordComponent") // Made once, sent once, never compared.
  record Sent(String method, String target, Map<String, String> headers, byte[] body) {
    @Override
    public String toString() {
      return method + " " + target + " " + headers + " " + new String(body, StandardCharsets.UTF_8);
    }
  }

  /** Whether success has an answer: a connection that becomes a guest's link has none. */
  private static boolean isAnswered(JsonNode operation) {
    for (String status : (Iterable<String>) () -> operation.path("responses").fieldNames()) {
      if (!status.equals("default")) {
        return true;
      }
    }
    return false;
  }

  ApiRequests(JsonNode document, long seed) {
    paths = document.path("paths");
    random = new SplittableRandom(seed);
    values = new SchemaValues(document, random, HOSTILE);
    paths
        .properties()
        .forEach(path ->
            path.getValue()
                .properties()
                .forEach(operation -> {
                  if (isAnswered(operation.getValue())) {
                    String method = operation.getKey().toUpperCase(Locale.ROOT);
                    operations.add(new String[] {method, path.getKey()});
                  }
                }));
  }

  Sent next() {
    String[] operation = operations.get(random.nextInt(operations.size()));
    Map<String, String> headers = new HashMap<>();
    if (random.nextBoolean()) {
      headers.put("Content-Type", pick(TYPES));
    }
    while (random.nextInt(6) == 0) {
      // The client itself keeps to the rules of headers: it refuses line breaks.
      headers.put(pick(HEADERS), value().replaceAll("[^\\x20-\\x7e]", "?"));
    }
    return new Sent(
        random.nextInt(20) == 0 ? pick(List.of("GET", "HEAD", "PUT", "BREW")) : operation[0],
        target(operation[0], operation[1]),
        headers,
        operation[0].equals("GET") ? new byte[0] : body(operation[0], operation[1]));
  }

  private String target(String method, String path) {
    StringBuilder target = new StringBuilder();
    for (String segment : path.substring(1).split("/", -1)) {
      target.append('/').append(segment.startsWith("{") ? encoded(name(segment)) : segment);
    }
    char before = '?';
    JsonNode operation = paths.path(path).path(method.toLowerCase(Locale.ROOT));
    for (JsonNode parameter : operation.path("parameters")) {
      if (parameter.path("in").asText().equals("query") && random.nextInt(3) == 0) {
        String name = parameter.path("name").asText();
        target.append(before).append(name).append('=');
        target.append(encoded(random.nextInt(10) == 0 ? value() : usual(name)));
        before = '&';
      }
    }
    if (random.nextInt(10) == 0) {
      target.setCharAt(random.nextInt(target.length()), "%/?&#{;".charAt(random.nextInt(7)));
      if (target.charAt(0) != '/') {
        target.insert(0, '/');
      }
    }
    return target.toString();
  }

  private String name(String segment) {
    return random.nextInt(4) == 0 ? value() : pick(KNOWN.getOrDefault(segment, NAMES));
  }

  private String usual(String parameter) {
    return switch (parameter) {
      case "yes", "tolerate", "defaults" -> "true";
      case "hold" -> Boolean.toString(random.nextInt(3) == 0);
      case "dry-run" -> Boolean.toString(random.nextInt(3) == 0);
      // Not longer: nothing else changes meanwhile.
      case "confirm" -> "1s";
      case "type" -> "port";
      default -> pick(NAMES);
    };
  }

  private String value() {
    return pick(random.nextInt(3) == 0 ? HOSTILE : NAMES);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private byte[] body(String method, String path) {
    byte[] bytes = text(method, path).getBytes(StandardCharsets.UTF_8);
    if (random.nextInt(4) == 0) {
      for (int i = 1 + random.nextInt(4); i > 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
    }
    return random.nextInt(8) == 0 ? new byte[0] : bytes;
  }

  private String text(String method, String path) {
    JsonNode content =
        paths.path(path).path(method.toLowerCase(Locale.ROOT)).path("requestBody").path("content");
    JsonNode json = content.path("application/json");
    if (json.isMissingNode() || random.nextInt(8) == 0) {
      return pick(BODIES);
    }
    if (random.nextInt(4) == 0) {
      // Guests of the example's VMM would start an emulator.
      return json.path("example").toString().replace("\"lanyard\"", "\"echo\"");
    }
    String text = values.of(json.path("schema"));
    return path.equals("/v1/config") && method.equals("PATCH") && random.nextBoolean()
        ? text.replaceAll("\"path\":\"[^\"]*\"", "\"path\":\"" + pick(EDITED) + '"')
        : text;
  }

  private String pick(List<String> from) {
    return from.get(random.nextInt(from.size()));
  }
}
