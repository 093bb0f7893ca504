package io.lanyard.config;

import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Addresses kept for one client, of one family at least.
 *
 * @param mac the client
 * @param address its IPv4 address, in the pool or outside it; null for none
 * @param ipv6 its IPv6 address, in the pool or outside it; null for none
 * @param hostname the name that it gets and that DNS answers for, or null for the client's own
 */
public record ReservationConfig(
    MacAddress mac, @Nullable Address address, @Nullable Address ipv6, @Nullable String hostname) {
  /** The keys of a reservation. */
  static final class Keys {
    static final Key<MacAddress> MAC = Key.required("mac", Kind.MAC, "The client's MAC address.");

    static final Key<Address> ADDRESS =
        Key.optional(
            "address",
            Kind.ADDRESS,
            "one of the pool",
            "Its IPv4 address, in the pool or outside it.");

    static final Key<Address> IPV6 =
        Key.optional(
            "ipv6",
            Kind.ADDRESS_IPV6,
            "one of the pool",
            "Its IPv6 address, where dhcp.ipv6 is stateful.");

    static final Key<String> HOSTNAME =
        Key.optional(
            "hostname",
            Kind.LABEL,
            "the client's own",
            "The name that it gets, and that DNS and forwards know it by.");

    static final Section SECTION =
        new Section(
            "reservation",
            "Addresses kept for one client.",
            List.of(MAC, ADDRESS, IPV6, HOSTNAME),
            List.of(new KeyRule.AtLeastOne(ADDRESS, IPV6)),
            Map.of());

    private Keys() {}
  }
}
