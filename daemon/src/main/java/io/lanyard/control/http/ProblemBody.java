package io.lanyard.control.http;

import io.lanyard.control.api.ProblemInfo;
import io.lanyard.control.json.JsonText;

/** A problem as RFC 9457 writes it. */
final class ProblemBody {
  static final String TYPE = "application/problem+json";

  private ProblemBody() {}

  static Response.Body of(Problem problem) {
    byte[] body = JsonText.bytes(info(problem));
    return new Response.Body(problem.status(), TYPE, body, problem.headers());
  }

  static ProblemInfo info(Problem problem) {
    return new ProblemInfo(
        "about:blank",
        problem.status(),
        problem.reason(),
        problem.what(),
        problem.where(),
        problem.hint(),
        problem.errors());
  }
}
