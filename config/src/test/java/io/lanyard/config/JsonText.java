package io.lanyard.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.ObjectMapper;

/** JSON for people: two spaces a level, and in one line where it fits. */
final class JsonText {
  private static final int WIDTH = 100;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private JsonText() {}

  /** The text of maps, lists, strings, numbers and booleans. */
  static String of(Object value) {
    return text(value, "", 0);
  }

  /**
   * Writes a value.
   *
   * @param used characters that precede it in its line
   */
  private static String text(Object value, String indent, int used) {
    String line = line(value);
    if (used + line.length() <= WIDTH && indent.length() > 2) {
      return line;
    }
    String inner = indent + "  ";
    List<String> parts = new ArrayList<>();
    if (value instanceof Map<?, ?> map) {
      map.forEach((key, item) -> {
        String name = line(key) + ": ";
        parts.add(inner + name + text(item, inner, inner.length() + name.length() + 1));
      });
      return "{\n" + String.join(",\n", parts) + "\n" + indent + "}";
    }
    if (value instanceof List<?> list && !list.isEmpty()) {
      list.forEach(item -> parts.add(inner + text(item, inner, inner.length() + 1)));
      return "[\n" + String.join(",\n", parts) + "\n" + indent + "]";
    }
    return line;
  }

  private static String line(Object value) {
    if (value instanceof Map<?, ?> map) {
      List<String> parts = new ArrayList<>();
      map.forEach((key, item) -> parts.add(line(key) + ": " + line(item)));
      return "{" + String.join(", ", parts) + "}";
    }
    if (value instanceof List<?> list) {
      return "[" + String.join(", ", list.stream().map(JsonText::line).toList()) + "]";
    }
    return MAPPER.writeValueAsString(value);
  }
}
