package io.lanyard.cli;

import io.lanyard.config.ConfigException;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.ValueText;
import io.lanyard.control.client.ConfigEdit;
import io.lanyard.control.json.JsonException;
import io.lanyard.control.json.JsonText;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Changes of the configuration that are made together. */
final class Edits {
  /** Endpoints that YAML would take for an alias or a list: {@code *:80}, {@code [::1]:80}. */
  private static final Pattern ENDPOINT = Pattern.compile("(\\*|\\[[0-9A-Fa-f:.]*(%\\w+)?\\]):.*");

  private final List<ConfigEdit> edits = new ArrayList<>();

  /**
   * Gives a key a value.
   *
   * @param value text, number, truth value, list or map
   */
  Edits set(DocumentPath path, @Nullable Object value) {
    edits.add(new ConfigEdit.Set(path.toString(), value));
    return this;
  }

  Edits remove(DocumentPath path) {
    edits.add(new ConfigEdit.Remove(path.toString()));
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

  boolean isEmpty() {
    return edits.isEmpty();
  }

  List<ConfigEdit> list() {
    return List.copyOf(edits);
  }

  /** A key's path below another one, such as {@code reservations[52:54:00:00:00:10].address}. */
  static DocumentPath below(DocumentPath base, String key) {
    try {
      return DocumentPath.parse(base + "." + key);
    } catch (IllegalArgumentException e) {
      throw Failure.ofUsage(
          "the key " + key + " cannot be read: " + e.getMessage(),
          "such as dhcp.lease-time, or reservations[52:54:00:00:00:10].address");
    }
  }

  /**
   * A value of the command line: YAML, or an endpoint without the quotes that YAML wants.
   *
   * @throws IllegalArgumentException if it cannot be read
   */
  static @Nullable Object value(String text) {
    if (ENDPOINT.matcher(text).matches()) {
      return text;
    }
    try {
      return JsonText.parse(ValueText.toJson(text));
    } catch (ConfigException e) {
      throw new IllegalArgumentException(
          "the value "
              + text
              + " cannot be read: "
              + e.problems().getFirst().message()
              + "; put a value with spaces in quotes",
          e);
    } catch (JsonException e) {
      throw new IllegalStateException("what was written as JSON is none: " + text, e);
    }
  }

  /** The same as text, however YAML understands it. */
  static String text(String text) {
    return String.valueOf(value(text));
  }
}
