package io.lanyard.base;

/**
 * Text of a stranger made safe to print: it neither begins a line nor speaks to a terminal.
 *
 * <p>Thread: any.
 */
public final class PrintableText {
  private PrintableText() {}

  /**
   * Replaces control characters of both sets (ECMA-48: C1 has a CSI in one character), Unicode's
   * separators of lines, and its marks that turn the direction of text.
   *
   * @param text any text
   * @return the same with {@code ?} in their places, and {@code \n} and {@code \r} written out
   */
  public static String of(String text) {
    int length = text.length();
    StringBuilder safe = null;
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (isPrintable(c)) {
        if (safe != null) {
          safe.append(c);
        }
      } else {
        if (safe == null) {
          safe = new StringBuilder(length + 8).append(text, 0, i);
        }
        safe.append(c == '\n' ? "\\n" : c == '\r' ? "\\r" : "?");
      }
    }
    return safe == null ? text : safe.toString();
  }

  /**
   * Whether a character neither begins a line nor speaks to a terminal.
   *
   * @param c a UTF-16 code unit
   * @return whether {@link #of} leaves it as it is
   */
  public static boolean isPrintable(char c) {
    if (c >= ' ' && c < 0x7f) {
      return true;
    }
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
