package io.lanyard.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The OpenAPI document as a judge of answers: an answer has a status, a media type and a body that
 * its operation names, and its objects have no member that the document does not.
 */
final class ApiContract {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final SchemaRegistry SCHEMAS =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

  private static final String SCHEMAS_OF_ALL = "#/components/schemas/";

  private final JsonNode document;
  private final Map<String, Schema> schemas = new HashMap<>();

  ApiContract(JsonNode document) {
    this.document = document.deepCopy();
    close(this.document.path("components").path("schemas"));
    close(this.document.path("paths"));
  }

  /** Lets no object have a member that is not described. */
  private static void close(JsonNode node) {
    node.forEach(ApiContract::close);
    if (node instanceof ObjectNode schema
        && schema.path("properties").isObject()
        && schema.path("type").asText().equals("object")
        && !schema.has("additionalProperties")) {
      schema.put("unevaluatedProperties", false);
    }
  }

  /** Checks one answer. */
  void check(String method, String target, int status, String mediaType, byte[] body)
      throws IOException {
    String path = path(target);
    assertThat(path).as(target + " is not described").isNotNull();
    JsonNode responses =
        document.path("paths").path(path).path(method.toLowerCase(Locale.ROOT)).path("responses");
    String place = method + " " + path + " " + status;
    if (status == 304 && method.equals("GET") && body.length == 0) {
      // Any GET may answer so to a client that has the present state (RFC 9110 section 15.4.5).
      return;
    }
    JsonNode response = responses.path(Integer.toString(status));
    if (response.isMissingNode()) {
      response = responses.path("default");
      assertThat(status).as(place + " is not described").isGreaterThanOrEqualTo(400);
    }
    assertThat(response.isMissingNode()).as(place + " is not described").isFalse();
    if (body.length == 0 && response.path("content").isMissingNode()) {
      return;
    }
    String type = mediaType.replaceFirst(";.*", "").strip();
    JsonNode content = response.path("content").path(type);
    assertThat(content.isMissingNode()).as(place + " is " + type).isFalse();
    if (isJson(type)) {
      String text = new String(body, StandardCharsets.UTF_8);
      assertThat(schema(content.path("schema")).validate(text, InputFormat.JSON))
          .as(place + " " + text)
          .isEmpty();
    }
  }

  /** Not lines of JSON, each of which is a value. */
  private static boolean isJson(String type) {
    return type.equals("application/json") || type.endsWith("+json");
  }

  /** Checks the body of one request, as far as a schema can. */
  void checkRequest(String method, String target, String mediaType, String body) {
    String path = path(target);
    assertThat(path).as(target + " is not described").isNotNull();
    JsonNode content =
        document
            .path("paths")
            .path(path)
            .path(method.toLowerCase(Locale.ROOT))
            .path("requestBody")
            .path("content")
            .path(mediaType);
    String place = method + " " + path + " with " + mediaType;
    assertThat(content.path("schema").isObject()).as(place + " is not described").isTrue();
    if (isJson(mediaType)) {
      assertThat(schema(content.path("schema")).validate(body, InputFormat.JSON))
          .as(place + " " + body)
          .isEmpty();
    }
  }

  /** Whether the document has the operation. */
  boolean describes(String method, String target) {
    String path = path(target);
    return path != null && document.path("paths").path(path).has(method.toLowerCase(Locale.ROOT));
  }

  /** The path of the document that a target is one of, or null. */
  @Nullable String path(String target) {
    String[] asked = target.replaceFirst("[?#].*", "").split("/", -1);
    for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
      String[] described = path.getKey().split("/", -1);
      boolean same = asked.length == described.length;
      for (int i = 0; same && i < asked.length; i++) {
        same = described[i].startsWith("{") || described[i].equals(asked[i]);
      }
      if (same) {
        return path.getKey();
      }
    }
    return null;
  }

  /** Copies the schemas that a schema names, and those that these name: there are many others. */
  private void copyNamed(JsonNode described, ObjectNode to) {
    for (String reference : described.findValuesAsText("$ref")) {
      String name = reference.substring(SCHEMAS_OF_ALL.length());
      if (!to.has(name)) {
        JsonNode named = document.path("components").path("schemas").path(name);
        to.set(name, named);
        copyNamed(named, to);
      }
    }
  }

  private Schema schema(JsonNode described) {
    return schemas.computeIfAbsent(
        described.toString(),
        text -> {
          ObjectNode root = JSON.createObjectNode();
          root.putArray("allOf").add(described);
          copyNamed(described, root.putObject("$defs"));
          return SCHEMAS.getSchema(root.toString().replace(SCHEMAS_OF_ALL, "#/$defs/"));
        });
  }
}
