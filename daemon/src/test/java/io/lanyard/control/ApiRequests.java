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

  private static final List<String> HEADERS =
      List.of("If-Match", "If-None-Match", "Last-Event-ID", "Content-Type", "Accept", "Range");

  private final JsonNode paths;
  private final List<String[]> operations = new ArrayList<>();
  private final SplittableRandom random;

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

  ApiRequests(JsonNode document, long seed) {
    paths = document.path("paths");
    random = new SplittableRandom(seed);
    paths
        .properties()
        .forEach(path ->
            path.getValue()
                .fieldNames()
                .forEachRemaining(method ->
                    operations.add(new String[] {method.toUpperCase(Locale.ROOT), path.getKey()})));
  }

  Sent next() {
    String[] operation = operations.get(random.nextInt(operations.size()));
    Map<String, String> headers = new HashMap<>();
    while (random.nextInt(4) == 0) {
      // The client itself keeps to the rules of headers: it refuses line breaks.
      headers.put(pick(HEADERS), value().replaceAll("[^\\x20-\\x7e]", "?"));
    }
    return new Sent(
        random.nextInt(20) == 0 ? pick(List.of("GET", "HEAD", "PUT", "BREW")) : operation[0],
        target(operation[0], operation[1]),
        headers,
        operation[0].equals("GET") ? new byte[0] : body());
  }

  private String target(String method, String path) {
    StringBuilder target = new StringBuilder();
    for (String segment : path.substring(1).split("/", -1)) {
      target.append('/').append(segment.startsWith("{") ? encoded(value()) : segment);
    }
    char before = '?';
    JsonNode operation = paths.path(path).path(method.toLowerCase(Locale.ROOT));
    for (JsonNode parameter : operation.path("parameters")) {
      if (parameter.path("in").asText().equals("query") && random.nextBoolean()) {
        target.append(before).append(parameter.path("name").asText());
        target.append('=').append(encoded(value()));
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

  private String value() {
    return pick(random.nextInt(3) == 0 ? HOSTILE : NAMES);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private byte[] body() {
    byte[] bytes = pick(BODIES).getBytes(StandardCharsets.UTF_8);
    if (random.nextInt(3) == 0) {
      for (int i = 1 + random.nextInt(4); i > 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
    }
    return random.nextInt(8) == 0 ? new byte[0] : bytes;
  }

  private String pick(List<String> from) {
    return from.get(random.nextInt(from.size()));
  }
}
