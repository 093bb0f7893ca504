package io.lanyard.config;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Reads the steps of a path from its text, and writes them. */
final class PathReader {
  private static final Pattern PLAIN_KEY = Pattern.compile("[A-Za-z0-9_-]+");

  /** The characters of the format's identities; the brackets are those of an IPv6 address. */
  private static final Pattern PLAIN_IDENTITY =
      Pattern.compile("[A-Za-z0-9_.:/*-]+(\\[[0-9A-Fa-f:.]*\\][A-Za-z0-9_.:/*-]*)?");

  private final String text;
  private int at;

  PathReader(String text) {
    this.text = text;
  }

  /**
   * Reads all of the text.
   *
   * @throws IllegalArgumentException with what is wrong
   */
  List<String> steps() {
    List<String> steps = new ArrayList<>();
    steps.add(key());
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == '.') {
        steps.add(key());
      } else if (c == '[') {
        steps.add(identity());
      } else {
        throw new IllegalArgumentException("expected . or [ before " + rest(at - 1));
      }
    }
    return steps;
  }

  private String key() {
    if (at < text.length() && text.charAt(at) == '"') {
      return quoted();
    }
    int from = at;
    while (at < text.length() && ".[]\"".indexOf(text.charAt(at)) < 0) {
      at++;
    }
    return notEmpty(from, at);
  }

  private String identity() {
    if (at < text.length() && text.charAt(at) == '"') {
      String identity = quoted();
      if (at == text.length() || text.charAt(at++) != ']') {
        throw new IllegalArgumentException("the bracket is not closed");
      }
      return identity;
    }
    int from = at;
    for (int depth = 1; at < text.length(); at++) {
      char c = text.charAt(at);
      depth += c == '[' ? 1 : c == ']' ? -1 : 0;
      if (depth == 0) {
        return notEmpty(from, at++);
      }
    }
    throw new IllegalArgumentException("the bracket is not closed");
  }

  private String notEmpty(int from, int end) {
    if (from == end) {
      throw new IllegalArgumentException(
          from == text.length()
              ? "a key is missing at its end"
              : "a key is missing before " + rest(from));
    }
    return text.substring(from, end);
  }

  private String rest(int from) {
    return Quoted.quote(text.substring(from));
  }

  private String quoted() {
    StringBuilder step = new StringBuilder();
    for (at++; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c == '"') {
        at++;
        return step.toString();
      }
      if (c != '\\') {
        step.append(c);
      } else if (++at < text.length() && text.charAt(at) != 'u') {
        step.append(text.charAt(at));
      } else {
        step.append(unicode());
      }
    }
    throw new IllegalArgumentException("the quotes are not closed");
  }

  /** The character of the four hexadecimal digits behind {@code \}{@code u}. */
  private char unicode() {
    int code = 0;
    for (int n = 0; n < 4; n++) {
      int digit = ++at < text.length() ? Character.digit(text.charAt(at), 16) : -1;
      if (digit < 0) {
        throw new IllegalArgumentException("expected four hexadecimal digits after \\u");
      }
      code = code << 4 | digit;
    }
    return (char) code;
  }

  /** Writes a key. */
  static String key(String step) {
    return PLAIN_KEY.matcher(step).matches() ? step : quote(step);
  }

  /** Writes the identity of an item, without its brackets. */
  static String identity(String step) {
    return PLAIN_IDENTITY.matcher(step).matches() ? step : quote(step);
  }

  private static String quote(String step) {
    StringBuilder quoted = new StringBuilder(step.length() + 2).append('"');
    for (int i = 0; i < step.length(); i++) {
      char c = step.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c >= ' ' && c < 0x7f) {
        quoted.append(c);
      } else {
        quoted.append(String.format("\\u%04x", (int) c));
      }
    }
    return quoted.append('"').toString();
  }
}
