package io.lanyard.linux;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;

/**
 * An address of the host's own.
 *
 * @param device the index of the device that it is on
 * @param address the address
 * @param prefix the length of its subnet's prefix
 */
public record HostAddress(int device, Address address, int prefix) {
  /** {@code lo} is the first device of every network namespace. */
  private static final int LOOPBACK_DEVICE = 1;

  /**
   * The addresses that the host answers for because of this one: the address, or its whole subnet
   * if it is on the loopback device.
   *
   * @return a subnet, mostly of one address
   */
  public Subnet local() {
    return Subnet.of(address, device == LOOPBACK_DEVICE ? prefix : address.bits());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HostAddress that
        && device == that.device
        && prefix == that.prefix
        && address.equals(that.address);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * address.hashCode() + prefix) + device;
  }
}
