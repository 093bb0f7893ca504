package io.lanyard.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.lanyard.config.ConfigException;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.ValueText;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/** Changes of the configuration that are made together: the body of {@code PATCH /v1/config}. */
final class Edits {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Endpoints that YAML would take for an alias or a list: {@code *:80}, {@code [::1]:80}. */
  private static final Pattern ENDPOINT = Pattern.compile("(\\*|\\[[0-9A-Fa-f:.]*(%\\w+)?\\]):.*");

  private final ArrayNode edits = JsonNodeFactory.instance.arrayNode();

  Edits set(DocumentPath path, JsonNode value) {
    edit("set", path).set("value", value);
    return this;
  }

  Edits set(DocumentPath path, String text) {
    return set(path, TextNode.valueOf(text));
  }

  Edits remove(DocumentPath path) {
    var _ = edit("remove", path);
    return this;
  }

  /** Sets keys below a path: {@code dhcp.lease-time=30m}. */
  Edits setAll(DocumentPath base, List<KeyValue> pairs) {
    pairs.forEach(pair -> set(below(base, pair.key()), pair.value()));
    return this;
  }

  /** Takes keys below a path out, so that they have their defaults. */
  Edits unsetAll(DocumentPath base, List<String> keys) {
    keys.forEach(key -> remove(below(base, key)));
    return this;
  }

  private ObjectNode edit(String operation, DocumentPath path) {
    return edits.addObject().put("operation", operation).put("path", path.toString());
  }

  boolean isEmpty() {
    return edits.isEmpty();
  }

  byte[] body(String why) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("why", why);
    body.set("edits", edits);
    return body.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** A key's path below another one, such as {@code reservations[52:54:00:00:00:10].address}. */
  static DocumentPath below(DocumentPath base, String key) {
    try {
      return DocumentPath.parse(base + "." + key);
    } catch (IllegalArgumentException e) {
      throw new Failure("the key " + key + " cannot be read: " + e.getMessage());
    }
  }

  /**
   * A value of the command line: YAML, or an endpoint without the quotes that YAML wants.
   *
   * @throws IllegalArgumentException if it cannot be read
   */
  static JsonNode value(String text) {
    if (ENDPOINT.matcher(text).matches()) {
      return TextNode.valueOf(text);
    }
    try {
      return JSON.readTree(ValueText.toJson(text));
    } catch (ConfigException e) {
      throw new IllegalArgumentException(
          "the value " + text + " cannot be read: " + e.problems().getFirst().message(), e);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("what was written as JSON is none: " + text, e);
    }
  }
}
