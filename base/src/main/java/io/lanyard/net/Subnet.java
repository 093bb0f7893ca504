package io.lanyard.net;

/**
 * A subnet of either family: the addresses that share a prefix.
 *
 * @param network its lowest address; no bit is set beyond the prefix
 * @param prefix the prefix's length in bits of the family: 0 to 32, or 0 to 128
 */
public record Subnet(Address network, int prefix) implements Comparable<Subnet> {
  /** Checks the prefix, and that no host bit is set. */
  public Subnet {
    if (prefix < 0 || prefix > network.bits()) {
      throw new IllegalArgumentException("a prefix length is from 0 to " + network.bits());
    }
    int whole = prefix + 128 - network.bits();
    long high = network.high() & upper(whole);
    long low = network.low() & lower(whole);
    if (high != network.high() || low != network.low()) {
      throw new IllegalArgumentException(
          "it has bits set beyond its prefix; the subnet is "
              + new Address(high, network.isIpv4() ? low | Address.ipv4Low(0) : low)
              + "/"
              + prefix);
    }
  }

  /**
   * The subnet of an address.
   *
   * @param address any address in it
   * @param prefix the prefix's length in bits of the family
   * @return the subnet
   * @throws IllegalArgumentException if the prefix is longer than an address
   */
  public static Subnet of(Address address, int prefix) {
    int bits = address.bits();
    if (prefix < 0 || prefix > bits) {
      throw new IllegalArgumentException("a prefix length is from 0 to " + bits);
    }
    int whole = prefix + 128 - bits;
    return new Subnet(
        new Address(address.high() & upper(whole), address.low() & lower(whole)), prefix);
  }

  /**
   * Reads {@code address/prefix}.
   *
   * @param text such as {@code 192.168.127.0/24} or {@code fd00::/64}
   * @return the subnet
   * @throws IllegalArgumentException with what is wrong
   */
  public static Subnet parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException("the prefix length is missing");
    }
    Address network = Address.parse(text.substring(0, slash));
    String length = text.substring(slash + 1);
    if (!length.matches("[0-9]{1,3}")) {
      throw new IllegalArgumentException("a prefix length is a number from 0 to " + network.bits());
    }
    return new Subnet(network, Integer.parseInt(length));
  }

  /** The upper long of a mask of 0 to 128 bits. */
  private static long upper(int bits) {
    return bits == 0 ? 0 : -1L << (64 - Math.min(bits, 64));
  }

  /** The lower long of a mask of 0 to 128 bits. */
  private static long lower(int bits) {
    return bits <= 64 ? 0 : -1L << (128 - bits);
  }

  private int wholePrefix() {
    return prefix + 128 - network.bits();
  }

  /**
   * The subnet mask (RFC 950), as IPv4 configures hosts with it.
   *
   * @return such as 255.255.255.0
   * @throws IllegalStateException if it is an IPv6 subnet
   */
  public Address mask() {
    if (!network.isIpv4()) {
      throw new IllegalStateException(this + " has a prefix and no mask");
    }
    return Address.ofIpv4((int) lower(wholePrefix()));
  }

  /**
   * The highest address; in IPv4, the directed broadcast address.
   *
   * @return the last address
   */
  public Address last() {
    return new Address(
        network.high() | ~upper(wholePrefix()), network.low() | ~lower(wholePrefix()));
  }

  /**
   * The address at a distance from the lowest.
   *
   * @param offset 2 for {@code .2}
   * @return the address; not checked against the subnet's size
   */
  public Address at(long offset) {
    return network.plus(offset);
  }

  /**
   * Whether an address is in the subnet. No IPv4 address is in an IPv6 subnet, not even in {@code
   * ::/0}.
   *
   * @param address any address
   * @return true also for the lowest and the highest
   */
  public boolean contains(Address address) {
    return contains(address.high(), address.low());
  }

  /**
   * Whether an address is in the subnet, without an object.
   *
   * @param high the address's upper long
   * @param low the address's lower long
   * @return true also for the lowest and the highest
   */
  public boolean contains(long high, long low) {
    int bits = wholePrefix();
    return (high & upper(bits)) == network.high()
        && (low & lower(bits)) == network.low()
        && Address.isIpv4(high, low) == network.isIpv4();
  }

  /**
   * Whether an address can be a host's: in the subnet, and in IPv4 neither the lowest nor the
   * highest (RFC 1122 section 3.2.1.3), except where a /31 or /32 has no others (RFC 3021). In
   * IPv6, the lowest is the routers' anycast address (RFC 4291 section 2.6.1).
   *
   * @param address any address
   * @return true if a host can have it
   */
  public boolean isHost(Address address) {
    if (!contains(address)) {
      return false;
    }
    if (prefix >= network.bits() - 1) {
      return true;
    }
    return !address.equals(network) && !(network.isIpv4() && address.equals(last()));
  }

  /**
   * Whether two subnets share addresses.
   *
   * @param other another subnet
   * @return true when one contains the other
   */
  public boolean overlaps(Subnet other) {
    return contains(other.network) || other.contains(network);
  }

  /**
   * By lowest address; of those that share it, the larger subnet first.
   *
   * @param other another subnet
   * @return as for {@link Comparable#compareTo}
   */
  @Override
  public int compareTo(Subnet other) {
    int order = network.compareTo(other.network);
    return order != 0 ? order : Integer.compare(prefix, other.prefix);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Subnet that && prefix == that.prefix && network.equals(that.network);
  }

  @Override
  public int hashCode() {
    return 31 * network.hashCode() + prefix;
  }

  /** Address, slash, prefix length. */
  @Override
  public String toString() {
    return network + "/" + prefix;
  }
}
