package io.lanyard.control.client;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An edit of the configuration. */
public sealed interface ConfigEdit {
  /**
   * The key that is edited.
   *
   * @return a path such as {@code networks.vmnet8.forwards[web]}
   */
  String path();

  /**
   * Gives a key a value.
   *
   * @param path the key
   * @param value a plain value, as {@link io.lanyard.control.json.JsonText} has them
   */
  record Set(String path, @Nullable Object value) implements ConfigEdit {}

  /**
   * Takes a key out, so that it has its default.
   *
   * @param path the key
   */
  record Remove(String path) implements ConfigEdit {}

  /** The edit as {@code PATCH /v1/config} has it. */
  default Map<String, @Nullable Object> toJson() {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("operation", this instanceof Set ? "set" : "remove");
    json.put("path", path());
    if (this instanceof Set set) {
      json.put("value", set.value());
    }
    return json;
  }
}
