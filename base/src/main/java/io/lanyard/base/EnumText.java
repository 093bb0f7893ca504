package io.lanyard.base;

import java.util.Locale;

/**
 * The text of an enum's constants, one spelling for logs, descriptions, the API and messages.
 *
 * <p>Thread: any.
 */
public final class EnumText {
  private EnumText() {}

  /**
   * A constant as a word.
   *
   * @param constant for example {@code HOST_ONLY}
   * @return kebab-case: {@code host-only}
   */
  public static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * A constant as a key of a {@link DumpNode} or of JSON.
   *
   * @param constant for example {@code HOST_ONLY}
   * @return camelCase: {@code hostOnly}
   */
  public static String key(Enum<?> constant) {
    return key("", constant);
  }

  /**
   * A constant as a key that begins with another word.
   *
   * @param prefix camelCase, or empty
   * @param constant for example {@code HOST_ONLY}
   * @return camelCase: with {@code uses} before it {@code usesHostOnly}
   */
  public static String key(String prefix, Enum<?> constant) {
    StringBuilder key = new StringBuilder(prefix);
    for (String part : constant.name().toLowerCase(Locale.ROOT).split("_", -1)) {
      String first = part.substring(0, 1);
      key.append(key.isEmpty() ? first : first.toUpperCase(Locale.ROOT)).append(part.substring(1));
    }
    return key.toString();
  }
}
