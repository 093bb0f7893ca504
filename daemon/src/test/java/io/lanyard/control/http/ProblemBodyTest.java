package io.lanyard.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProblemBodyTest {
  @Test
  void aProblemHasTheMembersOfRfc9457() {
    Response.Body body = ProblemBody.of(new Problem(404, "there is no guest", "g", "see guests"));
    assertThat(body.type()).isEqualTo("application/problem+json");
    assertThat(new String(body.bytes(), StandardCharsets.UTF_8))
        .isEqualTo(
            """
            {"type":"about:blank","status":404,"reason":"","title":"there is no guest","where":"g",\
            "hint":"see guests","errors":[]}\
            """);
  }
}
