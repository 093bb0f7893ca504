package io.lanyard.config;

/**
 * An amount of memory.
 *
 * @param bytes at least 1
 */
public record ByteSize(long bytes) implements Comparable<ByteSize> {
  private static final String UNITS = "KMGT";

  /**
   * Reads a number with one of the binary units K, M, G, T; {@code MiB} is the same as {@code M}.
   *
   * @param text such as {@code 512M}
   * @return the amount
   * @throws IllegalArgumentException with what is wrong
   */
  public static ByteSize parse(String text) {
    if (!text.matches("[0-9]{1,9}[KMGT](iB)?")) {
      throw new IllegalArgumentException(
          text.matches("[0-9]+") ? "the unit is missing" : "it is not a number with a unit");
    }
    String digits = text.replaceAll("[^0-9]", "");
    int shift = 10 * (1 + UNITS.indexOf(text.charAt(digits.length())));
    long bytes = Long.parseLong(digits) << shift;
    if (bytes <= 0 || bytes >> shift != Long.parseLong(digits)) {
      throw new IllegalArgumentException("it is out of range");
    }
    return new ByteSize(bytes);
  }

  /**
   * Compares amounts.
   *
   * @return as for {@link Comparable#compareTo}
   */
  @Override
  public int compareTo(ByteSize other) {
    return Long.compare(bytes, other.bytes);
  }

  /** The largest unit that leaves a whole number. */
  @Override
  public String toString() {
    int unit = Math.min(Long.numberOfTrailingZeros(bytes) / 10, UNITS.length());
    return unit == 0
        ? Long.toString(bytes)
        : (bytes >>> (10 * unit)) + UNITS.substring(unit - 1, unit);
  }
}
