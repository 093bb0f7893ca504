package io.lanyard.nat.gateway;

import io.lanyard.config.Ipv4Config;
import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Who the gateway is on its network.
 *
 * <p>Thread: the network's loop only.
 */
public final class GatewayAddresses {
  private final long mac;
  private final @Nullable Ipv4Config ipv4;
  private final @Nullable Ipv6Addresses ipv6;
  private boolean hostLoopback;

  /**
   * Checks that the addresses make sense together.
   *
   * @param mac the gateway's MAC address, in the low 48 bits
   * @param ipv4 its address in the subnet, and the address that stands for the host; the subnet has
   *     a prefix of 1 to 30 bits; null where the network has IPv6 alone
   * @param ipv6Subnet the network's IPv6 subnet, of 64 bits; null where it has no IPv6
   * @param hostLoopback whether the gateway answers for the host's address and maps it to the
   *     host's loopback; only where no host adapter has that address
   */
  public GatewayAddresses(
      long mac, @Nullable Ipv4Config ipv4, @Nullable Subnet ipv6Subnet, boolean hostLoopback) {
    this.mac = mac;
    ipv6 = ipv6Subnet == null ? null : new Ipv6Addresses(mac, ipv6Subnet);
    this.ipv4 = ipv4;
    this.hostLoopback = hostLoopback;
    if ((mac >>> 40 & 1) != 0 || mac == 0) {
      throw new IllegalArgumentException(new MacAddress(mac) + " is no address of a station");
    }
    if (ipv4 != null) {
      check(ipv4.subnet(), ipv4.gateway(), ipv4.host());
    } else if (ipv6 == null) {
      throw new IllegalArgumentException("a gateway has IPv4 or IPv6");
    }
  }

  private static void check(Subnet subnet, Address gateway, Address host) {
    if (subnet.prefix() < 1 || subnet.prefix() > subnet.network().bits() - 2) {
      throw new IllegalArgumentException(
          "prefix length " + subnet.prefix() + " leaves no room for guests; take 1 to 30");
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
   * The addresses that the gateway has besides, in IPv6.
   *
   * @return the addresses; null where the network has no IPv6
   */
  public @Nullable Ipv6Addresses ipv6() {
    return ipv6;
  }

  /**
   * Whether the network has the family of an address.
   *
   * @param address any address
   * @return false if no guest of the network can send to it
   */
  boolean hasFamilyOf(Address address) {
    return address.isIpv4() ? ipv4 != null : ipv6 != null;
  }

  /**
   * The gateway's own addresses.
   *
   * @return one of each kind; the host's is not among them
   */
  public List<Address> own() {
    List<Address> all = new ArrayList<>();
    if (ipv4 != null) {
      all.add(ipv4.gateway());
    }
    if (ipv6 != null) {
      all.add(ipv6.gateway());
      all.add(ipv6.linkLocal());
    }
    return all;
  }

  /**
   * The gateway's address as a guest talks to it.
   *
   * @param guest an address of the guest's
   * @return the address of the same family; where the guest's is link-local, so is this
   */
  public Address towards(Address guest) {
    Ipv6Addresses more = ipv6;
    Ipv4Config four = ipv4;
    if (four != null && (more == null || guest.isIpv4())) {
      return four.gateway();
    }
    Objects.requireNonNull(more, "a gateway has IPv4 or IPv6");
    return guest.isLinkLocal() ? more.linkLocal() : more.gateway();
  }

  /**
   * Whether an address is of one of the network's subnets.
   *
   * @param address any address
   * @return true also for an address that no host has
   */
  public boolean isOfSubnets(Address address) {
    return (ipv4 != null && ipv4.subnet().contains(address))
        || (ipv6 != null && ipv6.subnet().contains(address));
  }

  /**
   * Whether an address is the one that stands for the host.
   *
   * @param address any address
   * @return true for that of either family
   */
  public boolean isHost(Address address) {
    return (ipv4 != null && address.equals(ipv4.host()))
        || (ipv6 != null && address.equals(ipv6.host()));
  }

  /**
   * The network's IPv4 addresses.
   *
   * @return subnet, gateway and host, {@code .2} and {@code .1} unless the configuration says
   *     otherwise; null where the network has IPv6 alone
   */
  public @Nullable Ipv4Config ipv4() {
    return ipv4;
  }

  /**
   * Whether the gateway answers for the host's addresses and maps them to the host's loopback.
   *
   * @return what the configuration says at present
   */
  public boolean hostLoopback() {
    return hostLoopback;
  }

  /** Answers for the host's addresses from now on, or no longer. */
  void hostLoopback(boolean answers) {
    hostLoopback = answers;
  }

  /**
   * Whether a configuration has these addresses.
   *
   * @param other the network's IPv4 addresses, of which the pool may be another; null for none
   * @param ipv6Subnet its IPv6 subnet; null for none
   * @return false if gateway, subnet or host are others
   */
  public boolean areThoseOf(@Nullable Ipv4Config other, @Nullable Subnet ipv6Subnet) {
    return isSame(ipv4, other) && Objects.equals(ipv6 == null ? null : ipv6.subnet(), ipv6Subnet);
  }

  private static boolean isSame(@Nullable Ipv4Config one, @Nullable Ipv4Config other) {
    if (one == null || other == null) {
      return one == null && other == null;
    }
    return other.gateway().equals(one.gateway())
        && other.subnet().equals(one.subnet())
        && other.host().equals(one.host());
  }

  /**
   * The subnet's broadcast address (RFC 919 section 7).
   *
   * @return its highest address; null where the network has IPv6 alone
   */
  public @Nullable Address broadcast() {
    return ipv4 == null ? null : ipv4.subnet().last();
  }

  /**
   * Whether an address is the gateway's own.
   *
   * @param high the address's upper long
   * @param low the address's lower long
   * @return true for those of {@link #own}
   */
  public boolean isGateway(long high, long low) {
    return (ipv4 != null && ipv4.gateway().low() == low && ipv4.gateway().high() == high)
        || (ipv6 != null && ipv6.isGateway(high, low));
  }

  /**
   * Whether an address stands for the host's loopback.
   *
   * @param high the address's upper long
   * @param low the address's lower long
   * @return true for one of {@link #isHost} where that is permitted
   */
  public boolean isLoopback(long high, long low) {
    return hostLoopback
        && ((ipv4 != null && ipv4.host().low() == low && ipv4.host().high() == high)
            || (ipv6 != null && ipv6.isHost(high, low)));
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
   * @return true for an address of a subnet, or a link-local IPv6 one, that is not the gateway's,
   *     the subnet's, or broadcast
   */
  public boolean mayBeGuest(long high, long low) {
    if (!Address.isIpv4(high, low)) {
      return ipv6 != null && ipv6.mayBeGuest(high, low) && !isLoopback(high, low);
    }
    if (ipv4 == null) {
      return false;
    }
    Subnet subnet = ipv4.subnet();
    return subnet.contains(high, low)
        && !isOurs(high, low)
        && low != subnet.network().low()
        && low != lastLow(subnet);
  }

  /** The lower long of the broadcast address, without an object. */
  private static long lastLow(Subnet subnet) {
    return subnet.network().low() | (-1L >>> (32 + subnet.prefix()));
  }
}
