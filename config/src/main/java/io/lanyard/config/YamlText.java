package io.lanyard.config;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Writes a tree as YAML: what is short and flat in one line ({@code {subnet: 10.1.0.0/24}}), the
 * rest as a block. Reading it gives a tree that says the same.
 */
final class YamlText {
  private static final int WIDTH = 100;

  /** YAML allows 1,024 characters where no question mark announces a key. */
  private static final int LONGEST_KEY = 256;

  /**
   * Text that needs no quotes, also within brackets. YAML knows more of it; no reader disagrees
   * about this.
   */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_/][A-Za-z0-9_./@+-]*");

  private final StringBuilder out = new StringBuilder();

  private YamlText() {}

  /** A document's text. */
  static String of(YamlNode root) {
    YamlText text = new YamlText();
    text.block(root, 0);
    return text.out.toString();
  }

  /** A value in one line. */
  static String inLine(YamlNode node) {
    YamlText text = new YamlText();
    text.flow(node);
    return text.out.toString();
  }

  /** Writes a value on lines of its own, of which the first is begun. */
  private void block(YamlNode node, int indent) {
    if (node instanceof YamlNode.Mapping mapping && !mapping.entries().isEmpty()) {
      boolean isFirst = true;
      for (YamlNode.Entry entry : mapping.entries()) {
        if (!isFirst) {
          indent(indent);
        }
        isFirst = false;
        String key = scalar(entry.key(), false);
        out.append(key.length() > LONGEST_KEY ? "? " + key + "\n" + " ".repeat(indent) : key);
        out.append(':');
        below(entry.value(), indent);
      }
    } else if (node instanceof YamlNode.Sequence list && !list.items().isEmpty()) {
      boolean isFirst = true;
      for (YamlNode item : list.items()) {
        if (!isFirst) {
          indent(indent);
        }
        isFirst = false;
        out.append("- ");
        if (fits(item, indent + 2)) {
          flow(item);
          out.append('\n');
        } else {
          block(item, indent + 2);
        }
      }
    } else {
      flow(node);
      out.append('\n');
    }
  }

  private void below(YamlNode value, int indent) {
    int column = out.length() - out.lastIndexOf("\n");
    if (fits(value, column)) {
      out.append(' ');
      flow(value);
      out.append('\n');
    } else {
      out.append('\n');
      indent(indent + 2);
      block(value, indent + 2);
    }
  }

  private void indent(int spaces) {
    out.append(" ".repeat(spaces));
  }

  /** Whether a value goes into the rest of a line. */
  private static boolean fits(YamlNode node, int column) {
    if (node instanceof YamlNode.Scalar || isEmpty(node)) {
      return true;
    }
    return isFlat(node) && column + length(node) <= WIDTH;
  }

  private static boolean isEmpty(YamlNode node) {
    return node instanceof YamlNode.Mapping mapping
        ? mapping.entries().isEmpty()
        : node instanceof YamlNode.Sequence list && list.items().isEmpty();
  }

  /** Whether there are no more than lists of scalars in it. */
  private static boolean isFlat(YamlNode node) {
    List<YamlNode> inner =
        node instanceof YamlNode.Mapping mapping
            ? mapping.entries().stream().map(YamlNode.Entry::value).toList()
            : ((YamlNode.Sequence) node).items();
    return inner.stream()
        .allMatch(value ->
            value instanceof YamlNode.Scalar
                || isEmpty(value)
                || (node instanceof YamlNode.Mapping
                    && value instanceof YamlNode.Sequence list
                    && list.items().stream().allMatch(YamlNode.Scalar.class::isInstance)));
  }

  /** The length in one line, or any that is too much. */
  private static int length(YamlNode node) {
    if (node instanceof YamlNode.Scalar scalar) {
      return scalar(scalar).length();
    }
    int length = 2;
    if (node instanceof YamlNode.Sequence list) {
      for (int i = 0; i < list.items().size() && length <= WIDTH; i++) {
        length += length(list.items().get(i)) + 2;
      }
    } else if (node instanceof YamlNode.Mapping mapping) {
      for (int i = 0; i < mapping.entries().size() && length <= WIDTH; i++) {
        YamlNode.Entry entry = mapping.entries().get(i);
        length += scalar(entry.key(), false).length() + length(entry.value()) + 4;
      }
    }
    return length;
  }

  private void flow(YamlNode node) {
    if (node instanceof YamlNode.Scalar scalar) {
      out.append(scalar(scalar));
      return;
    }
    String separator = "";
    if (node instanceof YamlNode.Sequence list) {
      out.append('[');
      for (YamlNode item : list.items()) {
        out.append(separator);
        flow(item);
        separator = ", ";
      }
      out.append(']');
    } else if (node instanceof YamlNode.Mapping mapping) {
      out.append('{');
      for (YamlNode.Entry entry : mapping.entries()) {
        String key = scalar(entry.key(), false);
        out.append(separator).append(key.length() > LONGEST_KEY ? "? " : "").append(key);
        out.append(": ");
        flow(entry.value());
        separator = ", ";
      }
      out.append('}');
    }
  }

  private static String scalar(YamlNode.Scalar scalar) {
    return scalar(scalar.text(), scalar.plain() && !scalar.isText());
  }

  /**
   * Writes a scalar.
   *
   * @param isTyped whether it is a number, true, false or nothing, and no text
   */
  private static String scalar(String text, boolean isTyped) {
    if (isTyped) {
      return text.isEmpty() || text.equals("~") ? "null" : text;
    }
    boolean isPlain =
        PLAIN.matcher(text).matches() && new YamlNode.Scalar(text, true, Place.NOWHERE).isText();
    return isPlain ? text : quote(text);
  }

  private static String quote(String text) {
    StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      if (c == '"' || c == '\\') {
        quoted.append('\\').appendCodePoint(c);
      } else if (c == '\n') {
        quoted.append("\\n");
      } else if (c == '\t') {
        quoted.append("\\t");
      } else if ((c >= ' ' && c < 0x7f) || Character.isLetterOrDigit(c)) {
        quoted.appendCodePoint(c);
      } else {
        quoted.append(String.format(c < 0x10000 ? "\\u%04X" : "\\U%08X", c));
      }
    }
    return quoted.append('"').toString();
  }
}
