package io.lanyard.cli;

import java.util.Locale;

/** Numbers for people: the name of a member of the API's JSON ends with its unit. */
final class Units {
  private static final String SCALE = "BKMGTPE";

  private static final String BYTES = "Bytes";
  private static final String SECONDS = "Seconds";
  private static final String NANOS = "Nanos";

  private Units() {}

  /** The member's name as words, without a unit of time, which its value shows. */
  static String words(String member) {
    return lower(without(SECONDS, without(NANOS, member)));
  }

  /** The same for the head of a column: without any unit. */
  static String heading(String member) {
    return words(without(BYTES, member)).toUpperCase(Locale.ROOT);
  }

  private static String without(String unit, String member) {
    return member.endsWith(unit) ? member.substring(0, member.length() - unit.length()) : member;
  }

  private static String lower(String name) {
    StringBuilder words = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (Character.isUpperCase(c) && i > 0 && !Character.isUpperCase(name.charAt(i - 1))) {
        words.append(' ');
      }
      words.append(Character.toLowerCase(c));
    }
    return words.toString();
  }

  /** A number with its unit, nothing for one that is not known; other values as they are. */
  static String text(String member, Object value) {
    if (!(value instanceof Number number)) {
      return value.toString();
    }
    if (number.doubleValue() < 0) {
      return ""; // it is not known
    }
    if (member.endsWith(BYTES) || member.equals("memory") || member.equals("size")) {
      return bytes(number.longValue());
    }
    if (member.endsWith(SECONDS)) {
      return duration(number.doubleValue());
    }
    return member.endsWith(NANOS) ? duration(number.doubleValue() / 1e9) : value.toString();
  }

  /** Bytes in the largest binary unit that leaves a number of at least 1, as the file has it. */
  static String bytes(long bytes) {
    double number = bytes;
    int unit = 0;
    while (Math.round(number * 10) >= 10_240 && unit < SCALE.length() - 1) {
      number /= 1024;
      unit++;
    }
    return decimal(number) + SCALE.charAt(unit);
  }

  /** The two largest units of a time, such as {@code 2h4m}. */
  static String duration(double seconds) {
    if (seconds <= 0) {
      return "0s";
    }
    if (seconds < 0.9995) {
      return Math.max(1, Math.round(seconds * 1000)) + "ms";
    }
    if (seconds < 59.95) {
      return decimal(seconds) + "s";
    }
    long whole = Math.round(seconds);
    if (whole < 3600) {
      return two(whole / 60, "m", whole % 60, "s");
    }
    return whole < 86_400
        ? two(whole / 3600, "h", whole / 60 % 60, "m")
        : two(whole / 86_400, "d", whole / 3600 % 24, "h");
  }

  private static String two(long large, String unit, long small, String smallUnit) {
    return large + unit + (small == 0 ? "" : small + smallUnit);
  }

  private static String decimal(double number) {
    long tenths = Math.round(number * 10);
    String whole = Long.toString(tenths / 10);
    // A formatter would read the tables of a locale, which takes longer than the rest of a command.
    return tenths % 10 == 0 ? whole : whole + '.' + Math.abs(tenths % 10);
  }
}
