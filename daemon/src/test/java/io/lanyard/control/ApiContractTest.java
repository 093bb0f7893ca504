package io.lanyard.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** The judge of the API's answers judges. */
final class ApiContractTest {
  private static final String DOCUMENT =
      """
      {"paths": {"/v1/things/{thing}": {"get": {"responses": {
          "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/T"}}}},
          "default": {"content": {"application/problem+json": {"schema": {"type": "object"}}}}}}}},
       "components": {"schemas": {"T": {"type": "object", "required": ["a"],
          "properties": {"a": {"type": "string"}}}}}}
      """;

  private static void check(String method, String target, int status, String type, String body)
      throws IOException {
    new ApiContract(new ObjectMapper().readTree(DOCUMENT))
        .check(method, target, status, type, body.getBytes(UTF_8));
  }

  @Test
  void anAnswerAsDescribedPasses() {
    assertThatCode(
            () -> {
              check("GET", "/v1/things/x?q=1", 200, "application/json", "{\"a\": \"b\"}");
              check("GET", "/v1/things/x", 404, "application/problem+json", "{}");
            })
        .doesNotThrowAnyException();
  }

  @Test
  void anythingElseDoesNot() {
    for (String body : new String[] {"{}", "{\"a\": 1}", "{\"a\": \"b\", \"c\": 1}", "[]"}) {
      assertThatThrownBy(() -> check("GET", "/v1/things/x", 200, "application/json", body))
          .as(body)
          .isInstanceOf(AssertionError.class);
    }
    assertThatThrownBy(() -> check("GET", "/v1/things/x", 200, "text/plain", "x"))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> check("GET", "/v1/things/x", 201, "application/json", "{}"))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> check("PUT", "/v1/things/x", 200, "application/json", "{}"))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> check("GET", "/v1/other", 200, "application/json", "{}"))
        .isInstanceOf(AssertionError.class);
  }
}
