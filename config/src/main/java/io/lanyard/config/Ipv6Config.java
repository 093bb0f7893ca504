package io.lanyard.config;

import io.lanyard.net.Address;
import io.lanyard.net.AddressRange;
import io.lanyard.net.Subnet;
import org.jspecify.annotations.Nullable;

/**
 * A network's IPv6 addresses. The gateway's is {@code ::2} of the subnet and the host's {@code
 * ::1}, as in IPv4; guests choose theirs, or lease them from {@code ::1000} to {@code ::1fff}.
 *
 * @param subnet the subnet, of 64 bits; null for the one that the daemon derives for the network
 *     and keeps ({@link io.lanyard.net.UniqueLocal})
 */
public record Ipv6Config(@Nullable Subnet subnet) {
  /** The prefix length that stateless address configuration needs (RFC 4862 section 5.5.3). */
  public static final int PREFIX = 64;

  private static final int GATEWAY = 2;
  private static final int HOST = 1;

  /** 4,096 addresses that nobody makes from a MAC address, and that people can read. */
  private static final int POOL_FIRST = 0x1000;

  private static final int POOL_LAST = 0x1fff;

  /**
   * The gateway's address.
   *
   * @param subnet the network's subnet, said or derived
   * @return {@code ::2} of it
   */
  public static Address gateway(Subnet subnet) {
    return subnet.at(GATEWAY);
  }

  /**
   * The host's address.
   *
   * @param subnet the network's subnet, said or derived
   * @return {@code ::1} of it
   */
  public static Address host(Subnet subnet) {
    return subnet.at(HOST);
  }

  /**
   * The addresses that DHCPv6 leases.
   *
   * @param subnet the network's subnet, said or derived
   * @return {@code ::1000} to {@code ::1fff} of it
   */
  public static AddressRange pool(Subnet subnet) {
    return new AddressRange(subnet.at(POOL_FIRST), subnet.at(POOL_LAST));
  }

  /** The keys of {@code ipv6}. */
  static final class Keys {
    /** RFC 8200 section 5: every link takes packets of this size. */
    static final int LEAST_MTU = 1280;

    static final Key<Subnet> SUBNET =
        Key.optional(
            "subnet",
            Kind.SUBNET_IPV6,
            "a unique local prefix that the daemon derives for the network and keeps",
            "The subnet, with a prefix length of "
                + PREFIX
                + ". Networks' subnets do not overlap.");

    static final Section SECTION = Section.of("ipv6", "The network's IPv6 addresses.", SUBNET);

    private Keys() {}
  }
}
