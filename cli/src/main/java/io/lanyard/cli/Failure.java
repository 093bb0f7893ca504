package io.lanyard.cli;

import io.lanyard.base.PrintableText;
import io.lanyard.control.api.ProblemInfo;
import java.io.Serial;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Ends a command with exit code 1 and a message, without a stack trace; with exit code 2 where the
 * command line is the cause.
 *
 * <p>It has the members of a problem (RFC 9457), which {@code --json} prints: those that the daemon
 * gave; a failure on this side has the status 0.
 */
final class Failure extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  /** Who has made a change when, and the place of the error in its value. */
  private static final Pattern OF_A_CHANGE =
      Pattern.compile("^change by .{1,200}? at \\S{1,40}Z:\\d+:\\d+: (?=[a-z])");

  /** The API's reasons for a change that says what this configuration, or none, could have. */
  private static final String INVALID = "invalid";

  private static final String MALFORMED = "malformed";

  private static final int NO_STATUS = 0;

  /** The daemon's for a request that cannot be meant so (RFC 9110 section 15.5.1). */
  private static final int BAD_REQUEST = 400;

  private final transient ProblemInfo problem;
  private final boolean isUsage;

  Failure(String message) {
    this(message, "");
  }

  Failure(String message, String hint) {
    this(here(message, hint), false);
  }

  /** A refusal of the daemon, in its words. */
  Failure(ProblemInfo problem) {
    this(problem, problem.status() == BAD_REQUEST);
  }

  private Failure(ProblemInfo problem, boolean isUsage) {
    super(text(problem));
    this.problem = problem;
    this.isUsage = isUsage;
  }

  private static ProblemInfo here(String message, String hint) {
    return new ProblemInfo("about:blank", NO_STATUS, "", message, "", hint.strip(), List.of());
  }

  /** Something in the command line that cannot be meant so. */
  static Failure ofUsage(String message, String hint) {
    return new Failure(here(message, hint), true);
  }

  /** Whether the command line is the cause. */
  boolean isUsage() {
    return isUsage;
  }

  private static String text(ProblemInfo problem) {
    StringBuilder text = new StringBuilder(problem.title());
    details(problem).forEach(line -> text.append("\n  ").append(line));
    return problem.hint().isBlank()
        ? text.toString()
        : text.append('\n').append(problem.hint().strip()).toString();
  }

  private static List<String> details(ProblemInfo problem) {
    return problem.errors().stream().map(PrintableText::of).toList();
  }

  /**
   * The same problem for a person who has just made a change: its errors name the keys, and not the
   * place in a change that is nowhere to be read.
   */
  Failure ofThisChange() {
    List<String> errors = new ArrayList<>();
    details().forEach(line -> errors.add(OF_A_CHANGE.matcher(line).replaceFirst("")));
    boolean isOne = errors.size() == 1;
    return new Failure(
        new ProblemInfo(
            problem.type(),
            problem.status(),
            problem.reason(),
            isOne ? errors.getFirst() : problem.title(),
            problem.where(),
            problem.hint(),
            isOne ? List.of() : errors),
        reason().equals(MALFORMED));
  }

  /** Whether a change was refused because of what it says. */
  boolean isOfContent() {
    return reason().equals(INVALID) || reason().equals(MALFORMED);
  }

  /** The problem as JSON has it. */
  ProblemInfo toJson() {
    return problem;
  }

  /** Why a change was refused, in the API's word; empty for another failure. */
  String reason() {
    return problem.reason();
  }

  /** The particular errors, or the things that a change would end. */
  List<String> details() {
    return details(problem);
  }

  String text() {
    return String.valueOf(getMessage());
  }
}
