package io.lanyard.nat.gateway;

import io.lanyard.config.Ipv4Config;
import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Subnet;

/**
 * Who the gateway is on its network.
 *
 * <p>Thread: the network's loop only.
 */
public final class GatewayAddresses {
  private final long mac;
  private final Address gateway;
  private final Subnet subnet;
  private final Address host;
  private boolean hostLoopback;

  /**
   * Checks that the addresses make sense together.
   *
   * @param mac the gateway's MAC address, in the low 48 bits
   * @param ipv4 its address in the subnet, and the address that stands for the host; the subnet has
   *     a prefix of 1 to 30 bits
   * @param hostLoopback whether the gateway answers for the host's address and maps it to the
   *     host's loopback; only where no host adapter has that address
   */
  public GatewayAddresses(long mac, Ipv4Config ipv4, boolean hostLoopback) {
    this.mac = mac;
    gateway = ipv4.gateway();
    subnet = ipv4.subnet();
    host = ipv4.host();
    this.hostLoopback = hostLoopback;
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
   * The gateway's MAC address.
   *
   * @return the address, in the low 48 bits
   */
  public long mac() {
    return mac;
  }

  /**
   * The gateway's address in the subnet.
   *
   * @return the address
   */
  public Address gateway() {
    return gateway;
  }

  /**
   * The network's addresses.
   *
   * @return the subnet
   */
  public Subnet subnet() {
    return subnet;
  }

  /**
   * The address that stands for the host.
   *
   * @return the address, {@code .1} unless the configuration says otherwise
   */
  public Address host() {
    return host;
  }

  /**
   * Whether the gateway answers for {@link #host} and maps it to the host's loopback.
   *
   * @return what the configuration says at present
   */
  public boolean hostLoopback() {
    return hostLoopback;
  }

  /** Answers for {@link #host} from now on, or no longer. */
  void hostLoopback(boolean answers) {
    hostLoopback = answers;
  }

  /**
   * Whether a configuration has these addresses.
   *
   * @param ipv4 the network's addresses; its pool may be another
   * @return false if gateway, subnet or host are others
   */
  public boolean areThoseOf(Ipv4Config ipv4) {
    return ipv4.gateway().equals(gateway)
        && ipv4.subnet().equals(subnet)
        && ipv4.host().equals(host);
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
