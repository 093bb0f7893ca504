package io.lanyard.nat.gateway;

import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;

/**
 * Who the gateway is on its network.
 *
 * @param mac its MAC address, in the low 48 bits
 * @param gateway its IPv4 address as a big-endian int
 * @param prefixLength the subnet's prefix length, 1 to 30
 * @param host the address that stands for the host ({@code .1})
 * @param hostLoopback whether the gateway answers for {@code host} and maps it to the host's
 *     loopback; only where no host adapter has that address
 */
public record GatewayAddresses(
    long mac, int gateway, int prefixLength, int host, boolean hostLoopback) {
  /** Checks that the addresses make sense together. */
  public GatewayAddresses {
    if (prefixLength < 1 || prefixLength > 30) {
      throw new IllegalArgumentException(
          "prefix length " + prefixLength + " leaves no room for guests; take 1 to 30");
    }
    if (Ethernet.isGroup(mac) || mac == 0) {
      throw new IllegalArgumentException(Ethernet.format(mac) + " is no address of a station");
    }
    int hosts = -1 >>> prefixLength;
    if ((gateway & hosts) == 0 || (gateway & hosts) == hosts) {
      throw new IllegalArgumentException(
          Ipv4.format(gateway) + "/" + prefixLength + " is the subnet's own or broadcast address");
    }
    if (((gateway ^ host) & ~hosts) != 0 || gateway == host) {
      throw new IllegalArgumentException(
          "the host's address "
              + Ipv4.format(host)
              + " must be another one of the gateway's subnet");
    }
  }

  /**
   * The subnet's own address.
   *
   * @return the network part with the host part zero
   */
  public int network() {
    return gateway & ~(-1 >>> prefixLength);
  }

  /**
   * The subnet's broadcast address.
   *
   * @return the network part with the host part all ones
   */
  public int broadcast() {
    return gateway | (-1 >>> prefixLength);
  }

  /**
   * Says whether an address belongs to the subnet.
   *
   * @param address an IPv4 address
   * @return whether it does, the subnet's own and broadcast addresses included
   */
  public boolean contains(int address) {
    return ((address ^ gateway) & ~(-1 >>> prefixLength)) == 0;
  }

  /**
   * Says whether the gateway answers for an address.
   *
   * @param address an IPv4 address
   * @return true for its own, and for the host's where that stands for the loopback
   */
  public boolean isOurs(int address) {
    return address == gateway || (hostLoopback && address == host);
  }

  /**
   * Says whether an address may be a guest's.
   *
   * @param address an IPv4 address
   * @return true for an address of the subnet that is not ours, its own, or broadcast
   */
  public boolean mayBeGuest(int address) {
    return contains(address) && !isOurs(address) && address != network() && address != broadcast();
  }
}
