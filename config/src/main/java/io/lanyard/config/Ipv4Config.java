package io.lanyard.config;

import io.lanyard.net.Address;
import io.lanyard.net.AddressRange;
import io.lanyard.net.Subnet;

/**
 * A network's IPv4 addresses.
 *
 * @param subnet the subnet
 * @param gateway the gateway's address, {@code .2} unless said
 * @param host the host's address, {@code .1} unless said: the host adapter's, or what the gateway
 *     answers for where {@code host-loopback} is on
 * @param pool what DHCP gives away, {@code .128} to {@code .254} unless said
 */
public record Ipv4Config(Subnet subnet, Address gateway, Address host, AddressRange pool) {
  /** The keys of {@code ipv4}. */
  static final class Keys {
    /** Above the largest subnet are the reserved ones. */
    static final int SHORTEST_PREFIX = 8;

    /** Host, gateway and a pool do not fit into less than the smallest subnet. */
    static final int LONGEST_PREFIX = 29;

    private static final int GATEWAY = 2;
    private static final int HOST = 1;

    static final Key<Subnet> SUBNET =
        Key.required(
            "subnet",
            Kind.SUBNET_OR_AUTO,
            "The subnet, with a prefix length from "
                + SHORTEST_PREFIX
                + " to "
                + LONGEST_PREFIX
                + ". Networks' subnets do not overlap. auto: one that the host routes nowhere and"
                + " no other network has; the daemon chooses it once and keeps it, until it starts"
                + " on a host that routes it elsewhere and no address of it is said here, or auto"
                + " is set anew there.");

    static final Key<Address> GATEWAY_ADDRESS =
        Key.optional(
            "gateway", Kind.ADDRESS, "." + GATEWAY + " of the subnet", "The gateway's address.");

    static final Key<Address> HOST_ADDRESS =
        Key.optional(
            "host",
            Kind.ADDRESS,
            "." + HOST + " of the subnet",
            "The host's address: that of its adapter, or where host-loopback leads.");

    static final Key<AddressRange> POOL =
        Key.optional(
            "pool", Kind.RANGE, "the upper half of the subnet", "The addresses that DHCP leases.");

    static final Section SECTION =
        Section.of(
            "ipv4", "The network's IPv4 addresses.", SUBNET, GATEWAY_ADDRESS, HOST_ADDRESS, POOL);

    private Keys() {}

    static Address usualGateway(Subnet subnet) {
      return subnet.at(GATEWAY);
    }

    static Address usualHost(Subnet subnet) {
      return subnet.at(HOST);
    }

    static AddressRange usualPool(Subnet subnet) {
      int size = 1 << (32 - subnet.prefix());
      return new AddressRange(subnet.at(size >>> 1), subnet.at(size - 2));
    }
  }
}
