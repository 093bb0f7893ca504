package io.lanyard.config;

import java.util.List;
import java.util.regex.Pattern;

/** A YAML value with its place. There are no tags, anchors or aliases: the reader refuses them. */
sealed interface YamlNode {
  /** Where the value begins. */
  Place place();

  /** The value's name in a message: never long, never with control characters. */
  String found();

  /**
   * A scalar.
   *
   * @param text its value
   * @param plain whether it stands without quotes, so that YAML 1.2's core schema gives it a type
   * @param place where it begins
   */
  record Scalar(String text, boolean plain, Place place) implements YamlNode {
    private static final Pattern INTEGER =
        Pattern.compile("[-+]?[0-9]++|0o[0-7]++|0x[0-9a-fA-F]++");
    private static final Pattern FLOAT =
        Pattern.compile(
            "[-+]?(\\.[0-9]++|[0-9]++(\\.[0-9]*+)?)([eE][-+]?[0-9]++)?"
                + "|[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN)");

    boolean isNull() {
      return plain
          && switch (text) {
            case "", "~", "null", "Null", "NULL" -> true;
            default -> false;
          };
    }

    boolean isBoolean() {
      return plain
          && switch (text) {
            case "true", "True", "TRUE", "false", "False", "FALSE" -> true;
            default -> false;
          };
    }

    boolean isInteger() {
      return beginsAsNumber() && INTEGER.matcher(text).matches();
    }

    boolean isNumber() {
      return beginsAsNumber() && (INTEGER.matcher(text).matches() || FLOAT.matcher(text).matches());
    }

    /** Spares most texts the patterns. */
    private boolean beginsAsNumber() {
      return plain && !text.isEmpty() && "-+.0123456789".indexOf(text.charAt(0)) >= 0;
    }

    boolean isText() {
      return !plain || !(isNull() || isBoolean() || isNumber());
    }

    @Override
    public String found() {
      if (isNull()) {
        return "nothing";
      }
      return isNumber() ? "the number " + Quoted.cut(text) : Quoted.quote(text);
    }
  }

  /**
   * A mapping.
   *
   * @param entries in the order of the file; no two have the same key
   * @param place where it begins
   */
  record Mapping(List<Entry> entries, Place place) implements YamlNode {
    @Override
    public String found() {
      return "a mapping";
    }
  }

  /**
   * A list.
   *
   * @param items in the order of the file
   * @param place where it begins
   */
  record Sequence(List<YamlNode> items, Place place) implements YamlNode {
    @Override
    public String found() {
      return "a list";
    }
  }

  /**
   * A key and its value.
   *
   * @param key the key's text
   * @param keyPlace where the key begins
   * @param value the value
   */
  record Entry(String key, Place keyPlace, YamlNode value) {}
}
