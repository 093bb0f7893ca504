package io.lanyard.nat.egress;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.List;
import java.util.stream.Stream;

/**
 * Addresses that are not just somebody's in the world.
 *
 * <p>Immutable.
 */
public final class SpecialAddresses {
  /**
   * Link-local addresses, where clouds serve the host's identity, and the other addresses known for
   * that: of Alibaba, Azure, Oracle's older cloud; in IPv6 of AWS (EC2, and EKS beside it), Google,
   * Oracle, Scaleway, Linode, Alibaba.
   */
  public static final SpecialAddresses METADATA =
      new SpecialAddresses(
          "169.254.0.0/16",
          "fe80::/10",
          "100.100.100.200/32",
          "168.63.129.16/32",
          "192.0.0.192/32",
          "fd00:ec2::/32",
          "fd20:ce::254/128",
          "fd00:c1::a9fe:a9fe/128",
          "fd00:42::42/128",
          "fd00:a9fe:a9fe::1/128",
          "fd00:100::100:200/128");

  /**
   * Addresses that no public name leads to rightly: those that the registries of special addresses
   * (RFC 6890) have as not globally reachable, but for documentation's, and multicast.
   */
  public static final SpecialAddresses PRIVATE =
      new SpecialAddresses(
          "0.0.0.0/8",
          "10.0.0.0/8",
          "100.64.0.0/10",
          "127.0.0.0/8",
          "169.254.0.0/16",
          "172.16.0.0/12",
          "192.0.0.0/24",
          "192.168.0.0/16",
          "198.18.0.0/15",
          "224.0.0.0/3",
          "::/127",
          "64:ff9b:1::/48", // RFC 8215: translators of one network, so any IPv4 address
          "100::/64",
          "2001:2::/48",
          "5f00::/16",
          "fc00::/7",
          "fe80::/10",
          "fec0::/10",
          "ff00::/8");

  /** {@link #embedded} of an address that stands for itself. */
  public static final long NONE = 0;

  private static final Subnet NAT64 = Subnet.parse("64:ff9b::/96"); // RFC 6052 section 2.1
  private static final Subnet LOCAL_NAT64 = Subnet.parse("64:ff9b:1::/48"); // RFC 8215
  private static final Subnet SIX_TO_FOUR = Subnet.parse("2002::/16"); // RFC 3056 section 2
  private static final Subnet TEREDO = Subnet.parse("2001::/32"); // RFC 4380 section 2.6

  private final SubnetTable ipv4;
  private final SubnetTable ipv6;

  private SpecialAddresses(String... subnets) {
    List<Subnet> all = Stream.of(subnets).map(Subnet::parse).toList();
    ipv4 = SubnetTable.of(all, true);
    ipv6 = SubnetTable.of(all, false);
  }

  /**
   * Whether an address is one of these. Where an IPv6 address stands for an IPv4 one ({@link
   * #embedded}), that one is looked at.
   *
   * @param high the upper long of the address
   * @param low its lower long
   * @return true if it is
   */
  public boolean contains(long high, long low) {
    if (Address.isIpv4(high, low)) {
      return ipv4.find(high, low) != SubnetTable.NONE;
    }
    long hidden = embedded(high, low);
    if (hidden != NONE && ipv4.find(0, hidden) != SubnetTable.NONE) {
      return true;
    }
    return ipv6.find(high, low) != SubnetTable.NONE;
  }

  /**
   * Whether an address is one of a site's translators (RFC 8215), whose prefixes within that one
   * have any length.
   *
   * @param high the upper long of the address
   * @param low its lower long
   * @return true if it is
   */
  public static boolean isOfLocalTranslators(long high, long low) {
    return LOCAL_NAT64.contains(high, low);
  }

  /**
   * The IPv4 address that an IPv6 one stands for: by the well-known prefix of translators, by a
   * prefix of 96 bits below the one for translators of a site, by 6to4, or as the client of a
   * Teredo relay. Which other prefixes translators have, {@link Translators} are told.
   *
   * @param high the upper long of the address
   * @param low its lower long
   * @return the lower long of the IPv4 address; {@link #NONE} if it stands for none
   */
  public static long embedded(long high, long low) {
    if (NAT64.contains(high, low) || LOCAL_NAT64.contains(high, low)) {
      return Address.ipv4Low((int) low);
    }
    if (SIX_TO_FOUR.contains(high, low)) {
      return Address.ipv4Low((int) (high >>> 16));
    }
    return TEREDO.contains(high, low) ? Address.ipv4Low(~(int) low) : NONE;
  }
}
