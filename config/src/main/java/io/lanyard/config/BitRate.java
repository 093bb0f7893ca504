package io.lanyard.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A rate of bits in a second.
 *
 * @param bits bits in a second, at least 1
 */
public record BitRate(long bits) implements Comparable<BitRate> {
  /** The schema's regular expression. */
  static final String PATTERN = "^[0-9]{1,9}[kMG]bit$";

  private static final Pattern FORM = Pattern.compile("([0-9]{1,9})([kMG])bit");
  private static final String UNITS = "kMG";
  private static final long STEP = 1000;

  /**
   * Reads a number with one of the decimal units kbit, Mbit, Gbit.
   *
   * @param text such as {@code 100Mbit}
   * @return the rate
   * @throws IllegalArgumentException with what is wrong
   */
  public static BitRate parse(String text) {
    Matcher parts = FORM.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          text.matches("[0-9]+")
              ? "the unit is missing"
              : text.matches("[0-9]+[kMG]")
                  ? "a rate is in bits per second: " + text + "bit"
                  : "it is not a number with kbit, Mbit or Gbit behind it");
    }
    long bits = Long.parseLong(parts.group(1));
    for (int i = 0; i <= UNITS.indexOf(parts.group(2)); i++) {
      bits *= STEP;
    }
    if (bits == 0) {
      throw new IllegalArgumentException("nothing would pass; isolate the port instead");
    }
    return new BitRate(bits);
  }

  /**
   * Compares rates.
   *
   * @return as for {@link Comparable#compareTo}
   */
  @Override
  public int compareTo(BitRate other) {
    return Long.compare(bits, other.bits);
  }

  /** The largest unit that leaves a whole number. */
  @Override
  public String toString() {
    long number = bits;
    int unit = -1;
    while (number % STEP == 0 && unit < UNITS.length() - 1) {
      number /= STEP;
      unit++;
    }
    return number + (unit < 0 ? "" : UNITS.substring(unit, unit + 1)) + "bit";
  }
}
