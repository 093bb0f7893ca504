package io.lanyard.control.http;

import io.lanyard.control.api.ProblemInfo;
import io.lanyard.control.json.JsonText;

/** A problem as RFC 9457 writes it. */
final class ProblemBody {
  static final String TYPE = "application/problem+json";

  private ProblemBody() {}

  static Response.Body of(Problem problem) {
    ProblemInfo body =
        new ProblemInfo(
            "about:blank",
            problem.status(),
            problem.reason(),
            problem.what(),
            problem.where(),
            problem.hint(),
            problem.errors());
    return new Response.Body(problem.status(), TYPE, JsonText.bytes(body), problem.headers());
  }
}
