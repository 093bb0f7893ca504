package io.lanyard.config;

/**
 * An IPv4 address.
 *
 * @param bits the address as a big-endian int
 */
public record Ipv4Address(int bits) implements Comparable<Ipv4Address> {
  /**
   * Reads dotted decimal: four numbers of 0 to 255 without leading zeros, which some readers take
   * for octal.
   *
   * @param text such as {@code 192.168.127.2}
   * @return the address
   * @throws IllegalArgumentException with what is wrong
   */
  public static Ipv4Address parse(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != 4) {
      throw new IllegalArgumentException("an IPv4 address has four numbers");
    }
    int bits = 0;
    for (String part : parts) {
      if (!part.matches("0|[1-9][0-9]{0,2}") || Integer.parseInt(part) > 255) {
        throw new IllegalArgumentException("\"" + part + "\" is not a number from 0 to 255");
      }
      bits = bits << 8 | Integer.parseInt(part);
    }
    return new Ipv4Address(bits);
  }

  /**
   * Unsigned order.
   *
   * @param other another address
   * @return as for {@link Comparable#compareTo}
   */
  @Override
  public int compareTo(Ipv4Address other) {
    return Integer.compareUnsigned(bits, other.bits);
  }

  /** Dotted decimal. */
  @Override
  public String toString() {
    return (bits >>> 24)
        + "."
        + (bits >>> 16 & 255)
        + "."
        + (bits >>> 8 & 255)
        + "."
        + (bits & 255);
  }
}
