package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lanyard.base.PrintableText;
import java.io.Serial;
import java.util.ArrayList;
import java.util.List;

/**
 * Ends a command with exit code 1 and a message, without a stack trace.
 *
 * <p>It has the members of a problem (RFC 9457), which {@code --json} prints: those that the daemon
 * gave, or the title and the hint of a failure on this side.
 */
final class Failure extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  private final transient JsonNode problem;

  Failure(String message) {
    this(message, "");
  }

  Failure(String message, String hint) {
    this(problem(message, hint));
  }

  /** A refusal of the daemon, in its words. */
  Failure(JsonNode problem) {
    super(text(problem));
    this.problem = problem;
  }

  static ObjectNode problem(String title, String hint) {
    ObjectNode problem = JsonNodeFactory.instance.objectNode().put("title", title);
    return hint.isBlank() ? problem : problem.put("hint", hint.strip());
  }

  private static String text(JsonNode problem) {
    StringBuilder text = new StringBuilder(problem.path("title").asText());
    details(problem).forEach(line -> text.append("\n  ").append(line));
    String hint = problem.path("hint").asText("");
    return hint.isBlank() ? text.toString() : text.append('\n').append(hint.strip()).toString();
  }

  private static List<String> details(JsonNode problem) {
    List<String> lines = new ArrayList<>();
    for (String member : List.of("details", "errors")) {
      problem.path(member).forEach(line -> lines.add(PrintableText.of(line.asText())));
    }
    return lines;
  }

  JsonNode problem() {
    return problem;
  }

  /** Whether the daemon says that the request is at fault: it says so again if it is repeated. */
  boolean isRefusal() {
    int status = problem.path("status").asInt();
    return status >= 400 && status < 500;
  }

  /** Why a change was refused, in the API's word; empty for another failure. */
  String reason() {
    return problem.path("reason").asText("");
  }

  /** The particular errors, or the things that a change would end. */
  List<String> details() {
    return details(problem);
  }

  String text() {
    return String.valueOf(getMessage());
  }
}
