package io.lanyard.control.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;

/** A problem as RFC 9457 writes it. */
final class ProblemBody {
  static final String TYPE = "application/problem+json";
  private static final ObjectMapper JSON = new ObjectMapper();

  private ProblemBody() {}

  static Response.Body of(Problem problem) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("type", "about:blank");
    node.put("status", problem.status());
    node.put("title", problem.what());
    node.put("where", problem.where());
    node.put("hint", problem.hint());
    byte[] bytes;
    try {
      bytes = JSON.writeValueAsBytes(node);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      // A tree of strings and numbers can always be written; the status alone says enough.
      bytes = "{}".getBytes(StandardCharsets.UTF_8);
    }
    return new Response.Body(problem.status(), TYPE, bytes, problem.headers());
  }
}
