package io.lanyard.config;

/**
 * An IPv4 subnet.
 *
 * @param network its lowest address: no bit is set beyond the prefix
 * @param prefix the prefix's length, 0 to 32
 */
public record Cidr(Ipv4Address network, int prefix) {
  /** Checks the prefix and that no host bit is set. */
  public Cidr {
    if (prefix < 0 || prefix > 32) {
      throw new IllegalArgumentException("a prefix length is from 0 to 32");
    }
    int below = network.bits() & mask(prefix);
    if (below != network.bits()) {
      throw new IllegalArgumentException(
          "it has bits set beyond its prefix; the subnet is "
              + new Ipv4Address(below)
              + "/"
              + prefix);
    }
  }

  /**
   * Reads {@code address/prefix}.
   *
   * @param text such as {@code 192.168.127.0/24}
   * @return the subnet
   * @throws IllegalArgumentException with what is wrong
   */
  public static Cidr parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException("the prefix length is missing");
    }
    String length = text.substring(slash + 1);
    if (!length.matches("[0-9]{1,2}")) {
      throw new IllegalArgumentException("a prefix length is a number from 0 to 32");
    }
    return new Cidr(Ipv4Address.parse(text.substring(0, slash)), Integer.parseInt(length));
  }

  private static int mask(int prefix) {
    return prefix == 0 ? 0 : -1 << (32 - prefix);
  }

  /**
   * The subnet mask.
   *
   * @return such as 255.255.255.0
   */
  public Ipv4Address mask() {
    return new Ipv4Address(mask(prefix));
  }

  /**
   * The highest address.
   *
   * @return the directed broadcast address
   */
  public Ipv4Address broadcast() {
    return new Ipv4Address(network.bits() | ~mask(prefix));
  }

  /**
   * The address at a distance from the lowest.
   *
   * @param offset 2 for {@code .2}
   * @return the address; not checked against the subnet's size
   */
  public Ipv4Address at(int offset) {
    return new Ipv4Address(network.bits() + offset);
  }

  /**
   * Whether an address is in the subnet.
   *
   * @param address any address
   * @return true also for the lowest and the highest
   */
  public boolean contains(Ipv4Address address) {
    return (address.bits() & mask(prefix)) == network.bits();
  }

  /**
   * Whether an address can be a host's.
   *
   * @param address any address
   * @return true in the subnet, except for the lowest and the highest
   */
  public boolean isHost(Ipv4Address address) {
    return contains(address) && !address.equals(network) && !address.equals(broadcast());
  }

  /**
   * Whether two subnets share addresses.
   *
   * @param other another subnet
   * @return true when one contains the other
   */
  public boolean overlaps(Cidr other) {
    return contains(other.network) || other.contains(network);
  }

  /** Address, slash, prefix length. */
  @Override
  public String toString() {
    return network + "/" + prefix;
  }
}
