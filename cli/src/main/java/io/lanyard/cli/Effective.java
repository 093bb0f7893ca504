package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lanyard.config.DocumentPath;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The configuration that runs, value by value.
 *
 * @param revision its number
 * @param values in the order of the file
 */
record Effective(long revision, List<Value> values) {
  /**
   * A value.
   *
   * @param path its key
   * @param text the value as the file has it
   * @param origin where it comes from
   */
  record Value(DocumentPath path, String text, String origin) {
    /** The steps behind another path, which leads to this one. */
    List<String> stepsBelow(DocumentPath base) {
      return path.steps().subList(base.steps().size(), path.steps().size());
    }
  }

  static Effective of(JsonNode config) {
    List<Value> values = new ArrayList<>();
    for (JsonNode setting : config.path("settings")) {
      try {
        values.add(
            new Value(
                DocumentPath.parse(setting.path("path").asText()),
                setting.path("value").asText(),
                setting.path("origin").asText()));
      } catch (IllegalArgumentException e) {
        throw new Failure("the daemon has a setting that cannot be read: " + e.getMessage());
      }
    }
    return new Effective(config.path("revision").asLong(), values);
  }

  static Effective of(Api api, boolean defaults) {
    return of(api.get("/v1/config" + (defaults ? "?defaults=true" : "")));
  }

  /** The number of the configuration that runs. */
  static long revision(Api api) {
    return api.get("/v1/config").path("revision").asLong();
  }

  /** The values at a path and below it. */
  List<Value> below(DocumentPath base) {
    List<String> steps = base.steps();
    List<Value> found = new ArrayList<>();
    for (Value value : values) {
      List<String> its = value.path().steps();
      if (its.size() >= steps.size() && its.subList(0, steps.size()).equals(steps)) {
        found.add(value);
      }
    }
    return found;
  }

  boolean has(DocumentPath path) {
    return !below(path).isEmpty();
  }

  /** The mapping at a path as JSON; null if there is none. */
  @Nullable ObjectNode mapping(DocumentPath base) {
    ObjectNode mapping = JsonNodeFactory.instance.objectNode();
    List<Value> found = below(base);
    for (Value value : found) {
      List<String> steps = value.stepsBelow(base);
      ObjectNode at = mapping;
      for (int i = 0; i + 1 < steps.size(); i++) {
        at = at.withObjectProperty(steps.get(i));
      }
      if (!steps.isEmpty()) {
        at.set(steps.getLast(), Edits.value(value.text()));
      }
    }
    return found.isEmpty() ? null : mapping;
  }

  /** The API's object for a thing, with the thing's settings. */
  static JsonNode withSettings(Api api, JsonNode info, DocumentPath path) {
    ObjectNode settings = of(api, true).properties(path);
    if (info instanceof ObjectNode object && !settings.isEmpty()) {
      object.set("settings", settings);
    }
    return info;
  }

  /** The values below a path by their keys, for people. */
  private ObjectNode properties(DocumentPath base) {
    ObjectNode properties = JsonNodeFactory.instance.objectNode();
    int above = base.toString().length();
    for (Value value : below(base)) {
      String key = value.path().toString().substring(above);
      properties.put(key.startsWith(".") ? key.substring(1) : key, value.text());
    }
    return properties;
  }
}
