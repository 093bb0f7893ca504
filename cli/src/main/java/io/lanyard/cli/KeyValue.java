package io.lanyard.cli;

import org.jspecify.annotations.Nullable;

/**
 * An argument {@code KEY=VALUE}.
 *
 * @param key a path below the thing that is changed, with the file's keys
 * @param value its new value
 */
record KeyValue(String key, @Nullable Object value) {
  /**
   * Reads an argument.
   *
   * @throws IllegalArgumentException with what is wrong
   */
  static KeyValue parse(String argument) {
    // A key may have a text in brackets or quotes that has an equals sign.
    int equals = -1;
    int depth = 0;
    boolean isQuoted = false;
    for (int i = 0; i < argument.length() && equals < 0; i++) {
      char c = argument.charAt(i);
      isQuoted ^= c == '"';
      depth += isQuoted ? 0 : c == '[' ? 1 : c == ']' ? -1 : 0;
      equals = c == '=' && !isQuoted && depth == 0 ? i : -1;
    }
    if (equals <= 0) {
      throw new IllegalArgumentException("expected KEY=VALUE: \"" + argument + "\"");
    }
    return new KeyValue(argument.substring(0, equals), Edits.value(argument.substring(equals + 1)));
  }
}
