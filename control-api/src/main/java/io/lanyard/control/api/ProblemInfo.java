package io.lanyard.control.api;

import java.util.List;

/**
 * A request's problem (RFC 9457).
 *
 * @param type {@code about:blank}: the status says the kind
 * @param status the HTTP status
 * @param reason a word by which programs tell it from others of its status, or empty
 * @param title what failed, a short sentence
 * @param where the thing that it failed on, or empty
 * @param hint what to do about it, or empty
 * @param errors all that is wrong with the request's content, each with its place; empty where the
 *     title says all
 */
public record ProblemInfo(
    String type,
    int status,
    String reason,
    String title,
    String where,
    String hint,
    List<String> errors) {
  /** Copies the list. */
  public ProblemInfo {
    errors = List.copyOf(errors);
  }
}
