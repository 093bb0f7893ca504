package io.lanyard.nat.gateway;

import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Subnet;

/**
 * Who the gateway is on its network.
 *
 * @param mac its MAC address, in the low 48 bits
 * @param gateway its address in the subnet
 * @param subnet the network's addresses; in IPv4, with a prefix of 1 to 30 bits
 * @param host the address that stands for the host ({@code .1})
 * @param hostLoopback whether the gateway answers for {@code host} and maps it to the host's
 *     loopback; only where no host adapter has that address
 */
public record GatewayAddresses(
    long mac, Address gateway, Subnet subnet, Address host, boolean hostLoopback) {
  /** Checks that the addresses make sense together. */
  public GatewayAddresses {
    if (subnet.prefix() < 1 || subnet.prefix() > subnet.network().bits() - 2) {
      throw new IllegalArgumentException(
          "prefix length " + subnet.prefix() + " leaves no room for guests; take 1 to 30");
    }
    if ((mac >>> 40 & 1) != 0 || mac == 0) {
      throw new IllegalArgumentException(new MacAddress(mac) + " is no address of a station");
    }
    if (!subnet.contains(gateway)) {
      throw new IllegalArgumentException(gateway + " is not in " + subnet);
    }
    if (!subnet.isHost(gateway)) {
      throw new IllegalArgumentException(
          gateway + "/" + subnet.prefix() + " is the subnet's own or broadcast address");
    }
    if (!subnet.contains(host) || gateway.equals(host)) {
      throw new IllegalArgumentException(
          "the host's address " + host + " must be another one of the gateway's subnet");
    }
  }

  /**
   * The subnet's broadcast address (RFC 919 section 7).
   *
   * @return its highest address
   */
  public Address broadcast() {
    return subnet.last();
  }

  /**
   * Whether an address is the gateway's own.
   *
   * @param high the address's upper long
   * @param low the address's lower long
   * @return true for {@link #gateway}
   */
  public boolean isGateway(long high, long low) {
    return low == gateway.low() && high == gateway.high();
  }

  /**
   * Whether an address stands for the host's loopback.
   *
   * @param high the address's upper long
   * @param low the address's lower long
   * @return true for {@link #host} where that is permitted
   */
  public boolean isLoopback(long high, long low) {
    return hostLoopback && low == host.low() && high == host.high();
  }

  /**
   * Whether the gateway answers for an address.
   *
   * @param high the address's upper long
   * @param low the address's lower long
   * @return true for its own, and for the host's where that stands for the loopback
   */
  public boolean isOurs(long high, long low) {
    return isGateway(high, low) || isLoopback(high, low);
  }

  /**
   * Whether an address may be a guest's.
   *
   * @param high the address's upper long
   * @param low the address's lower long
   * @return true for an address of the subnet that is not the gateway's, the subnet's, or broadcast
   */
  public boolean mayBeGuest(long high, long low) {
    return subnet.contains(high, low)
        && !isOurs(high, low)
        && low != subnet.network().low()
        && (low != lastLow() || !Address.isIpv4(high, low));
  }

  /** The lower long of the broadcast address, without an object. */
  private long lastLow() {
    return subnet.network().low() | (-1L >>> (32 + subnet.prefix()));
  }
}
