package io.lanyard.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Random values of the API's schemas: right ones, and now and then a wrong part.
 *
 * <p>They make no device, open sockets on loopback addresses and in the daemon's runtime directory
 * only, and run no program.
 */
final class SchemaValues {
  /** How references to what the configuration's file has begin. */
  private static final String DEFINITIONS = "#/components/schemas/config-";

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** The keys by which a value would reach the host. */
  private static final Set<String> NEVER =
      Set.of("host-adapter", "api", "metrics", "directories", "hooks", "device", "netns", "vmm");

  /** Values of a type that mean something here; of another type, the schema's examples do. */
  private static final Map<String, List<String>> USUAL =
      Map.ofEntries(
          Map.entry("type-network-name", List.of("vmnet8", "alone", "new1", "new2")),
          Map.entry("type-port-name", List.of("q", "p1", "p2", "p.1")),
          Map.entry("type-forward-name", List.of("web", "f1", "f2")),
          Map.entry("type-label", List.of("g", "idle", "other")),
          Map.entry("type-host-name", List.of("printer", "web", "*.apps")),
          Map.entry("type-socket-path", List.of("q.sock", "s1.sock", "s2.sock", "../up.sock")),
          Map.entry("type-path", List.of("/bin/true", "/nowhere", "relative")),
          Map.entry("type-absolute-path", List.of("/nowhere")),
          Map.entry("type-peer", List.of("127.0.0.1:9", "unix:nobody.sock")),
          Map.entry("type-text", List.of("", "text", "vmnet8", "ä")),
          Map.entry("type-upstream", List.of("127.0.0.1", "127.0.0.1:5353")),
          Map.entry("type-target", List.of("web:80", "192.168.127.9:80", "g:0")),
          Map.entry("type-subnet", List.of("192.168.127.0/24", "192.168.131.0/24", "10.0.0.0/8")),
          Map.entry("type-ipv4", List.of("192.168.127.77", "192.168.131.9", "0.0.0.0")),
          Map.entry("type-endpoint", List.of("127.0.0.1:0", "127.0.0.1:28080", "127.0.0.9:28081")));

  private final SplittableRandom random;
  private final List<String> hostile;
  private final JsonNode definitions;

  /**
   * Makes values of a document's schemas.
   *
   * @param document the OpenAPI document
   * @param hostile texts that may stand where another value belongs
   */
  SchemaValues(JsonNode document, SplittableRandom random, List<String> hostile) {
    this.random = random;
    this.hostile = hostile;
    definitions = document.path("components").path("schemas");
  }

  /** A value of a schema. */
  String of(JsonNode schema) {
    return value(schema, "").toString();
  }

  /** A value of any of the configuration's schemas. */
  private JsonNode any() {
    var all = List.copyOf(definitions.properties());
    while (true) {
      var one = all.get(random.nextInt(all.size()));
      if (one.getKey().startsWith("config-") && !NEVER.contains(one.getKey().substring(7))) {
        return value(one.getValue(), "");
      }
    }
  }

  private JsonNode named(String reference) {
    return definitions.path(reference.substring("#/components/schemas/".length()));
  }

  private JsonNode value(JsonNode schema, String name) {
    if (random.nextInt(40) == 0) {
      return wrong(schema);
    }
    if (schema.has("$ref")) {
      String type = schema.path("$ref").asText().substring(DEFINITIONS.length());
      return value(named(schema.path("$ref").asText()), type);
    }
    if (schema.has("const")) {
      return schema.path("const");
    }
    if (schema.has("enum")) {
      JsonNode one = pick(schema.path("enum"));
      return one.asText().equals("tap") ? NODES.textNode("qemu-stream") : one;
    }
    if (schema.has("anyOf")) {
      return value(pick(schema.path("anyOf")), "");
    }
    JsonNode types = schema.path("type");
    if (types.isMissingNode()) {
      return any();
    }
    return switch ((types.isArray() ? pick(types) : types).asText()) {
      case "object" -> object(schema);
      case "array" -> array(schema);
      case "boolean" -> NODES.booleanNode(random.nextBoolean());
      case "integer", "number" -> number(schema);
      default -> text(schema, name);
    };
  }

  private ObjectNode object(JsonNode schema) {
    ObjectNode made = NODES.objectNode();
    Set<String> required = Set.copyOf(texts(schema.path("required")));
    schema
        .path("properties")
        .properties()
        .forEach(property -> {
          String key = property.getKey();
          if (!NEVER.contains(key) && (required.contains(key) || random.nextInt(3) == 0)) {
            made.set(key, value(property.getValue(), ""));
          }
        });
    JsonNode more = schema.path("additionalProperties");
    for (int i = more.isObject() ? random.nextInt(3) : 0; i > 0; i--) {
      made.set(value(schema.path("propertyNames"), "").asText(), value(more, ""));
    }
    if (schema.path("properties").has("vmm")) {
      made.put("vmm", random.nextInt(8) == 0 ? "none" : "echo");
    }
    // The alternatives of a port: those that its kind has.
    for (JsonNode alternative : schema.path("allOf")) {
      JsonNode kind = alternative.path("if").path("properties").path("kind").path("const");
      String reference = alternative.path("then").path("$ref").asText();
      if (kind.equals(made.path("kind")) && reference.startsWith(DEFINITIONS)) {
        made.setAll(object(named(reference)));
      }
    }
    return made;
  }

  private ArrayNode array(JsonNode schema) {
    ArrayNode made = NODES.arrayNode();
    for (int i = random.nextInt(4); i > 0; i--) {
      made.add(value(schema.path("items"), ""));
    }
    return made;
  }

  private JsonNode number(JsonNode schema) {
    long least = schema.path("minimum").asLong(0);
    long most = schema.path("maximum").asLong(1 << 20);
    return NODES.numberNode(
        switch (random.nextInt(4)) {
          case 0 -> least;
          case 1 -> most;
          default -> random.nextLong(least, most + 1);
        });
  }

  private JsonNode text(JsonNode schema, String name) {
    List<String> all = new ArrayList<>(USUAL.getOrDefault(name, List.of()));
    if (all.isEmpty()) {
      all.addAll(texts(schema.path("examples")));
    }
    return NODES.textNode(all.isEmpty() ? "x" : all.get(random.nextInt(all.size())));
  }

  private JsonNode wrong(JsonNode schema) {
    return switch (random.nextInt(6)) {
      case 0 -> NODES.nullNode();
      case 1 -> NODES.numberNode(schema.path("minimum").asLong(0) - 1);
      case 2 -> NODES.numberNode(schema.path("maximum").asLong(Long.MAX_VALUE - 1) + 1);
      case 3 -> NODES.arrayNode().add(NODES.objectNode());
      case 4 -> NODES.objectNode().put(hostile.get(random.nextInt(hostile.size())), 1.5);
      default -> NODES.textNode(hostile.get(random.nextInt(hostile.size())));
    };
  }

  private JsonNode pick(JsonNode array) {
    return array.path(random.nextInt(array.size()));
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(one -> texts.add(one.asText()));
    return texts;
  }
}
