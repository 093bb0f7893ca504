package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lanyard.base.PrintableText;
import java.io.Serial;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Ends a command with exit code 1 and a message, without a stack trace.
 *
 * <p>It has the members of a problem (RFC 9457), which {@code --json} prints: those that the daemon
 * gave, or the title and the hint of a failure on this side.
 */
final class Failure extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  /** Who has made a change when, and the place of the error in its value. */
  private static final Pattern OF_A_CHANGE =
      Pattern.compile("^change by .{1,200}? at \\S{1,40}Z:\\d+:\\d+: (?=[a-z])");

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
    problem.path("errors").forEach(line -> lines.add(PrintableText.of(line.asText())));
    return lines;
  }

  /**
   * The same problem for a person who has just made a change: its errors name the keys, and not the
   * place in a change that is nowhere to be read.
   */
  Failure ofThisChange() {
    ObjectNode same = problem.deepCopy();
    ArrayNode errors = same.putArray("errors");
    details().forEach(line -> errors.add(OF_A_CHANGE.matcher(line).replaceFirst("")));
    if (errors.size() == 1) {
      same.put("title", errors.path(0).asText());
      errors.removeAll();
    }
    return new Failure(same);
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
