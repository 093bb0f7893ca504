package io.lanyard.nat.gateway;

import io.lanyard.config.Ipv6Config;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.List;

/**
 * The gateway's addresses in IPv6: {@code ::2} of the network's subnet, the routers' anycast
 * address {@code ::} (RFC 4291 section 2.6.1), and a link-local one, from which it advertises
 * itself (RFC 4861 section 4.2). {@code ::1} stands for the host.
 *
 * <p>Immutable.
 */
public final class Ipv6Addresses {
  /** {@code ff02::}, the groups of the link (RFC 4291 section 2.7). */
  static final long LINK_GROUPS = 0xff02L << 48;

  /** {@code ff02::1}, all nodes. */
  static final long ALL_NODES = 1;

  /** {@code ff02::2}, all routers. */
  static final long ALL_ROUTERS = 2;

  /** {@code ff02::1:2}, DHCPv6 servers and relays (RFC 8415 section 7.1). */
  static final long DHCP_SERVERS = 0x1_0002;

  /** {@code ff02::1:ff00:0/104}, by the lowest 24 bits of the address that is asked for. */
  private static final long SOLICITED = 0x1_ff00_0000L;

  private static final long LOWEST_BITS = 0xff_ffff;
  private static final long LINK_LOCAL = 0xfe80L << 48;

  private final Subnet subnet;
  private final Address gateway;
  private final Address host;
  private final Address linkLocal;

  Ipv6Addresses(long mac, Subnet subnet) {
    if (subnet.prefix() != Ipv6Config.PREFIX || subnet.network().isIpv4()) {
      throw new IllegalArgumentException(subnet + " is no IPv6 subnet of 64 bits");
    }
    this.subnet = subnet;
    gateway = Ipv6Config.gateway(subnet);
    host = Ipv6Config.host(subnet);
    linkLocal = new Address(LINK_LOCAL, interfaceIdentifier(mac));
  }

  /** The modified EUI-64 of a MAC address (RFC 4291 appendix A). */
  static long interfaceIdentifier(long mac) {
    return (mac >>> 24 ^ 0x02_0000L) << 40 | 0xff_fe00_0000L | (mac & LOWEST_BITS);
  }

  /** The lower long of the group in which who has an address is asked (RFC 4291 section 2.7.1). */
  static long solicitedGroup(long low) {
    return SOLICITED | (low & LOWEST_BITS);
  }

  /**
   * The network's subnet.
   *
   * @return a prefix of 64 bits
   */
  public Subnet subnet() {
    return subnet;
  }

  /**
   * The gateway's address in the subnet.
   *
   * @return {@code ::2}
   */
  public Address gateway() {
    return gateway;
  }

  /**
   * The address that stands for the host.
   *
   * @return {@code ::1}
   */
  public Address host() {
    return host;
  }

  /**
   * The gateway's address on the link, which guests have as their router.
   *
   * @return an address of {@code fe80::/64}, from the MAC address
   */
  public Address linkLocal() {
    return linkLocal;
  }

  boolean isGateway(long high, long low) {
    return high == gateway.high()
        ? low == gateway.low() || low == subnet.network().low()
        : high == LINK_LOCAL && low == linkLocal.low();
  }

  /**
   * All addresses that the gateway answers for.
   *
   * @param withHost whether the host's is one of them
   */
  List<Address> all(boolean withHost) {
    return withHost ? List.of(linkLocal, gateway, host) : List.of(linkLocal, gateway);
  }

  boolean isHost(long high, long low) {
    return low == host.low() && high == host.high();
  }

  /** Whether packets to a group are for the gateway, too. */
  boolean isMember(long high, long low) {
    return high == LINK_GROUPS
        && (low == ALL_NODES
            || low == ALL_ROUTERS
            || low == DHCP_SERVERS
            || low == solicitedGroup(gateway.low())
            || low == solicitedGroup(host.low())
            || low == solicitedGroup(linkLocal.low()));
  }

  boolean mayBeGuest(long high, long low) {
    return (high == subnet.network().high() || high == LINK_LOCAL)
        && !isGateway(high, low)
        && low != 0;
  }
}
