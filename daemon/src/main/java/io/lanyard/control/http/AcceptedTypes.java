package io.lanyard.control.http;

import java.util.Locale;

/** The media types that a client takes (RFC 9110 section 12.5.1). */
final class AcceptedTypes {
  private AcceptedTypes() {}

  /**
   * Whether a client takes an answer.
   *
   * @param accept the request's Accept header, or empty for any type; ranges that are none are
   *     skipped, and a header without any other means any type, too
   * @param mediaType the answer's type; its parameters do not count
   */
  static boolean include(String accept, String mediaType) {
    String type = essence(mediaType);
    String all = type.substring(0, type.indexOf('/') + 1) + "*";
    boolean any = true;
    int best = 0;
    boolean taken = false;
    for (String range : accept.split(",", -1)) {
      String wanted = essence(range);
      if (wanted.indexOf('/') < 0) {
        continue;
      }
      any = false;
      int precision =
          wanted.equals(type) ? 3 : wanted.equals(all) ? 2 : wanted.equals("*/*") ? 1 : 0;
      if (precision > best) {
        best = precision;
        taken = !isZero(range);
      }
    }
    return any || taken;
  }

  private static String essence(String range) {
    int end = range.indexOf(';');
    return (end < 0 ? range : range.substring(0, end)).strip().toLowerCase(Locale.ROOT);
  }

  /** Whether the weight of a range says that it is not wanted. */
  private static boolean isZero(String range) {
    for (String parameter : range.split(";", -1)) {
      if (parameter.strip().toLowerCase(Locale.ROOT).matches("q\\s*=\\s*0(\\.0{0,3})?")) {
        return true;
      }
    }
    return false;
  }
}
