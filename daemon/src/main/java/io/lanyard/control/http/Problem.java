package io.lanyard.control.http;

import java.io.Serial;
import java.util.List;
import java.util.Map;

/**
 * A request that cannot be met, in the form of RFC 9457.
 *
 * <p>It says what failed, where, and what to do about it.
 */
public final class Problem extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  private final int status;
  private final String where;
  private final String hint;
  private final transient Map<String, String> headers;
  private final transient List<String> errors;
  private final String reason;

  /**
   * Makes a problem.
   *
   * @param status the HTTP status
   * @param what what failed, a short sentence
   * @param where the thing that it failed on: a network, a guest, a file
   * @param hint what to do about it; empty for nothing
   */
  public Problem(int status, String what, String where, String hint) {
    this(status, what, where, hint, Map.of());
  }

  /**
   * Makes a problem whose status asks for a header.
   *
   * @param status the HTTP status
   * @param what what failed, a short sentence
   * @param where the thing that it failed on: a network, a guest, a file
   * @param hint what to do about it; empty for nothing
   * @param headers for example {@code Allow}, which status 405 has to have
   */
  public Problem(int status, String what, String where, String hint, Map<String, String> headers) {
    this(status, what, where, hint, headers, List.of(), "");
  }

  private Problem(
      int status,
      String what,
      String where,
      String hint,
      Map<String, String> headers,
      List<String> errors,
      String reason) {
    super(what);
    this.status = status;
    this.where = where;
    this.hint = hint;
    this.headers = Map.copyOf(headers);
    this.errors = List.copyOf(errors);
    this.reason = reason;
  }

  /**
   * A request that is refused for several reasons.
   *
   * @param status the HTTP status
   * @param what what failed, a short sentence
   * @param hint what to do about it; empty for nothing
   * @param errors each reason, with its place where it has one
   * @return the problem
   */
  public static Problem refused(int status, String what, String hint, List<String> errors) {
    return new Problem(status, what, "", hint, Map.of(), errors, "");
  }

  /**
   * The same with a word by which programs tell it from others of its status.
   *
   * @param word for example {@code outdated}
   * @return a copy
   */
  public Problem because(String word) {
    return new Problem(status, what(), where, hint, headers, errors, word);
  }

  /**
   * Something that does not exist.
   *
   * @param what which kind of thing
   * @param name its name as asked for
   * @param hint what to do about it
   * @return the problem, status 404
   */
  public static Problem notFound(String what, String name, String hint) {
    return new Problem(404, "there is no " + what + " " + name, name, hint);
  }

  /**
   * The HTTP status.
   *
   * @return 400 to 599
   */
  public int status() {
    return status;
  }

  /**
   * The failure.
   *
   * @return a short sentence
   */
  public String what() {
    String message = getMessage();
    return message == null ? "" : message;
  }

  /**
   * The thing that it failed on.
   *
   * @return its name, or empty
   */
  public String where() {
    return where;
  }

  /**
   * The reasons, where there are several.
   *
   * @return a text for each; empty where the title says all
   */
  public List<String> errors() {
    return errors;
  }

  /**
   * The word by which programs tell it from others of its status.
   *
   * @return a word, or empty where the status says all
   */
  public String reason() {
    return reason;
  }

  /**
   * The headers that go with the status.
   *
   * @return by name; may be empty
   */
  public Map<String, String> headers() {
    return headers;
  }

  /**
   * The remedy.
   *
   * @return a sentence, or empty
   */
  public String hint() {
    return hint;
  }
}
