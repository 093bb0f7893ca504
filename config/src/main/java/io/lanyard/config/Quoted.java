package io.lanyard.config;

import io.lanyard.base.Nearest;
import java.util.Collection;

/** Text of a file as a message can show it. */
final class Quoted {
  /** Enough to recognise a value; a hostile file cannot fill a terminal with one. */
  private static final int LONGEST = 80;

  private Quoted() {}

  static String quote(String text) {
    return '"' + cut(text) + '"';
  }

  /** {@code ; did you mean "x"?}, or nothing. */
  static String hint(String word, Collection<String> known) {
    String nearest = Nearest.to(word, known);
    return nearest == null ? "" : "; did you mean " + quote(nearest) + "?";
  }

  static String cut(String text) {
    StringBuilder shown = new StringBuilder(Math.min(text.length(), LONGEST));
    for (int i = 0; i < text.length() && shown.length() < LONGEST; ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      if (c == '"' || c == '\\') {
        shown.append('\\').appendCodePoint(c);
      } else if (isShown(c)) {
        shown.appendCodePoint(c);
      } else {
        shown.append("\\u").append(String.format("%04x", c));
      }
    }
    return shown.length() >= LONGEST ? shown.append("...").toString() : shown.toString();
  }

  /** Not control characters, which a terminal obeys, nor format characters, which hide text. */
  private static boolean isShown(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
