package io.lanyard.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lanyard.base.DumpNode;
import io.lanyard.control.http.Response;

/** The API's records as JSON. */
final class Json {
  static final String TYPE = "application/json";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  static Response response(Object value) {
    try {
      return new Response.Body(200, TYPE, MAPPER.writeValueAsBytes(value));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + value.getClass() + " as JSON", e);
    }
  }

  /** A tree of components: {@code {"name":..., "properties":{...}, "children":[...]}}. */
  static ObjectNode tree(DumpNode dump) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("name", dump.name());
    ObjectNode properties = node.putObject("properties");
    dump.properties()
        .forEach((key, value) -> {
          switch (value) {
            case Double number -> properties.put(key, number);
            case Float number -> properties.put(key, number);
            case Number number -> properties.put(key, number.longValue());
            case Boolean truth -> properties.put(key, truth);
            default -> properties.put(key, value.toString());
          }
        });
    var children = node.putArray("children");
    dump.children().forEach(child -> children.add(tree(child)));
    return node;
  }
}
