package io.lanyard.control.http;

import java.util.List;

/** A problem as RFC 9457 writes it. */
record ProblemBody(
    String type,
    int status,
    String reason,
    String title,
    String where,
    String hint,
    List<String> errors) {
  static final String TYPE = "application/problem+json";

  static Response.Body of(Problem problem) {
    ProblemBody body =
        new ProblemBody(
            "about:blank",
            problem.status(),
            problem.reason(),
            problem.what(),
            problem.where(),
            problem.hint(),
            problem.errors());
    return new Response.Body(problem.status(), TYPE, Json.bytes(body), problem.headers());
  }
}
