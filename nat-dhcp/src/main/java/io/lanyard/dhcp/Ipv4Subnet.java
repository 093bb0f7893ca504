package io.lanyard.dhcp;

import io.lanyard.vswitch.frame.Ipv4;

/**
 * An IPv4 subnet.
 *
 * @param network its first address as a big-endian int, host bits zero
 * @param prefix length of the prefix, 0 to 30
 */
public record Ipv4Subnet(int network, int prefix) {
  /** Checks that the subnet has room for hosts and that the host bits are zero. */
  public Ipv4Subnet {
    if (prefix < 0 || prefix > 30) {
      throw new IllegalArgumentException("prefix must be 0 to 30: " + prefix);
    }
    if ((network & ~mask(prefix)) != 0) {
      throw new IllegalArgumentException("host bits set in " + Ipv4.format(network) + "/" + prefix);
    }
  }

  /**
   * Reads the form {@code 192.168.127.0/24}.
   *
   * @param text the text
   * @return the subnet
   * @throws IllegalArgumentException if the text is not a subnet, or has host bits set
   */
  public static Ipv4Subnet parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException("not a subnet (address/prefix expected): " + text);
    }
    return new Ipv4Subnet(
        Ipv4.parse(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
  }

  /**
   * The subnet mask.
   *
   * @return the mask as a big-endian int
   */
  public int mask() {
    return mask(prefix);
  }

  /**
   * The directed broadcast address.
   *
   * @return the address as a big-endian int
   */
  public int broadcast() {
    return network | ~mask();
  }

  /**
   * Whether an address lies in the subnet, its network and broadcast addresses included.
   *
   * @param address the address as a big-endian int
   * @return true if it does
   */
  public boolean contains(int address) {
    return (address & mask()) == network;
  }

  /**
   * Whether an address can be a host's: in the subnet, and neither first nor last.
   *
   * @param address the address as a big-endian int
   * @return true if it can
   */
  public boolean isHost(int address) {
    return contains(address) && address != network && address != broadcast();
  }

  /**
   * The n-th address of the subnet.
   *
   * @param n 0 for the network address itself
   * @return the address as a big-endian int
   */
  public int host(int n) {
    return network + n;
  }

  private static int mask(int prefix) {
    return prefix == 0 ? 0 : -1 << (32 - prefix);
  }

  @Override
  public String toString() {
    return Ipv4.format(network) + "/" + prefix;
  }
}
