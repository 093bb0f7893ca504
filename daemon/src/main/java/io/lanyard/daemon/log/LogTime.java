package io.lanyard.daemon.log;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.TimeZone;

/**
 * The time at the beginning of a line of the log, as {@code 2026-11-29 06:14:33.605}.
 *
 * <p>Written by hand: making a formatter and a {@code ZoneId}, which looks for further rules of
 * zones in every jar, would be a part of each start.
 *
 * <p>Thread: any.
 */
final class LogTime {
  private LogTime() {}

  /**
   * Appends a time.
   *
   * @param to what it is appended to
   * @param millis the time, since 1970
   * @param zone whose time of day it is to be
   */
  static void append(StringBuilder to, long millis, TimeZone zone) {
    long local = millis + zone.getOffset(millis);
    int milli = (int) Math.floorMod(local, 1000L);
    LocalDateTime time =
        LocalDateTime.ofEpochSecond(Math.floorDiv(local, 1000L), milli * 1_000_000, ZoneOffset.UTC);
    append(to, time.getYear(), 1000, '-');
    append(to, time.getMonthValue(), 10, '-');
    append(to, time.getDayOfMonth(), 10, ' ');
    append(to, time.getHour(), 10, ':');
    append(to, time.getMinute(), 10, ':');
    append(to, time.getSecond(), 10, '.');
    append(to, milli, 100, ' ');
  }

  /** Appends a number with leading zeros: {@code unit} is the value of its first digit. */
  private static void append(StringBuilder to, int number, int unit, char after) {
    for (int digit = unit; digit > 1 && number < digit; digit /= 10) {
      to.append('0');
    }
    to.append(number).append(after);
  }
}
