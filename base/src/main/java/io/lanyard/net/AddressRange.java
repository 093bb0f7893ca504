package io.lanyard.net;

/**
 * A range of addresses of one family.
 *
 * @param first its lowest address
 * @param last its highest address, itself in the range
 */
public record AddressRange(Address first, Address last) {
  /** Checks the families and the order. */
  public AddressRange {
    if (first.isIpv4() != last.isIpv4()) {
      throw new IllegalArgumentException("the range begins in one family and ends in the other");
    }
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
  public static AddressRange parse(String text) {
    int dash = text.indexOf('-');
    if (dash < 0) {
      throw new IllegalArgumentException("a range is two addresses with a hyphen between them");
    }
    return new AddressRange(
        Address.parse(text.substring(0, dash).strip()),
        Address.parse(text.substring(dash + 1).strip()));
  }

  /**
   * Whether an address is in the range.
   *
   * @param address any address
   * @return true from the first to the last, both included
   */
  public boolean contains(Address address) {
    return first.compareTo(address) <= 0 && address.compareTo(last) <= 0;
  }

  /**
   * The number of addresses.
   *
   * @return 1 to {@link Long#MAX_VALUE}, which stands for that many and more
   */
  public long size() {
    long distance = last.low() - first.low();
    long upper =
        last.high() - first.high() - (Long.compareUnsigned(last.low(), first.low()) < 0 ? 1 : 0);
    return upper != 0 || distance < 0 || distance == Long.MAX_VALUE ? Long.MAX_VALUE : distance + 1;
  }

  /** First and last with a hyphen between them. */
  @Override
  public String toString() {
    return first + "-" + last;
  }
}
