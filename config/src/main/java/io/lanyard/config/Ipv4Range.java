package io.lanyard.config;

/**
 * A range of IPv4 addresses.
 *
 * @param first its lowest address
 * @param last its highest address, itself in the range
 */
public record Ipv4Range(Ipv4Address first, Ipv4Address last) {
  /** Checks the order. */
  public Ipv4Range {
    if (first.compareTo(last) > 0) {
      throw new IllegalArgumentException("the range ends before it begins");
    }
  }

  /**
   * Reads {@code first-last}.
   *
   * @param text such as {@code 192.168.127.128-192.168.127.254}
   * @return the range
   * @throws IllegalArgumentException with what is wrong
   */
  public static Ipv4Range parse(String text) {
    int dash = text.indexOf('-');
    if (dash < 0) {
      throw new IllegalArgumentException("a range is two addresses with a hyphen between them");
    }
    return new Ipv4Range(
        Ipv4Address.parse(text.substring(0, dash).strip()),
        Ipv4Address.parse(text.substring(dash + 1).strip()));
  }

  /**
   * Whether an address is in the range.
   *
   * @param address any address
   * @return true from the first to the last, both included
   */
  public boolean contains(Ipv4Address address) {
    return first.compareTo(address) <= 0 && address.compareTo(last) <= 0;
  }

  /**
   * How many addresses it has.
   *
   * @return 1 to 2^32
   */
  public long size() {
    return Integer.toUnsignedLong(last.bits()) - Integer.toUnsignedLong(first.bits()) + 1;
  }

  /** First and last with a hyphen between them. */
  @Override
  public String toString() {
    return first + "-" + last;
  }
}
