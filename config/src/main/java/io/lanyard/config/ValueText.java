package io.lanyard.config;

import java.util.regex.Pattern;

/**
 * A value of the file that comes without the file, such as an argument of a command.
 *
 * <p>Thread: any.
 */
public final class ValueText {
  private static final Pattern JSON_NUMBER =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?");

  private ValueText() {}

  /**
   * Reads a value and writes it as JSON, which says the same to the reader of the file.
   *
   * @param text a scalar or a collection in YAML, such as {@code 30m}, {@code true} or {@code
   *     {subnet: 10.1.0.0/24}}; empty for null
   * @return JSON
   * @throws ConfigException if it is not YAML
   */
  public static String toJson(String text) throws ConfigException {
    Problems problems = new Problems("the value");
    YamlNode node = YamlReader.read(text, null, problems);
    if (!problems.isEmpty()) {
      throw problems.exception();
    }
    return json(node == null ? new YamlNode.Scalar("", true, Place.NOWHERE) : node);
  }

  /** A value as JSON, which says the same to the reader of the file. */
  static String json(YamlNode node) {
    StringBuilder json = new StringBuilder();
    append(json, node);
    return json.toString();
  }

  private static void append(StringBuilder json, YamlNode node) {
    if (node instanceof YamlNode.Mapping mapping) {
      String separator = "{";
      for (YamlNode.Entry entry : mapping.entries()) {
        json.append(separator);
        quote(json, entry.key());
        json.append(':');
        append(json, entry.value());
        separator = ",";
      }
      json.append(mapping.entries().isEmpty() ? "{}" : "}");
    } else if (node instanceof YamlNode.Sequence list) {
      String separator = "[";
      for (YamlNode item : list.items()) {
        json.append(separator);
        append(json, item);
        separator = ",";
      }
      json.append(list.items().isEmpty() ? "[]" : "]");
    } else if (node instanceof YamlNode.Scalar scalar) {
      append(json, scalar);
    }
  }

  private static void append(StringBuilder json, YamlNode.Scalar scalar) {
    if (scalar.isNull()) {
      json.append("null");
    } else if (scalar.isBoolean()) {
      json.append(Boolean.parseBoolean(scalar.text()));
    } else if (scalar.isNumber() && JSON_NUMBER.matcher(scalar.text()).matches()) {
      json.append(scalar.text());
    } else {
      quote(json, scalar.text());
    }
  }

  private static void quote(StringBuilder json, String text) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < ' ') {
        json.append(String.format("\\u%04x", (int) c));
      } else {
        json.append(c);
      }
    }
    json.append('"');
  }
}
