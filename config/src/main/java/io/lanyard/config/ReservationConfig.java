package io.lanyard.config;

import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import org.jspecify.annotations.Nullable;

/**
 * An address kept for one client.
 *
 * @param mac the client
 * @param address its address; may lie outside the pool
 * @param ipv6 its IPv6 address, in the pool or outside it; null for none
 * @param hostname the name that it gets and that DNS answers for, or null for the client's own
 */
public record ReservationConfig(
    MacAddress mac, Address address, @Nullable Address ipv6, @Nullable String hostname) {
  /** The keys of a reservation. */
  static final class Keys {
    static final Key<MacAddress> MAC = Key.required("mac", Kind.MAC, "The client's MAC address.");

    static final Key<Address> ADDRESS =
        Key.required("address", Kind.ADDRESS, "Its address, in the pool or outside it.");

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
        Section.of("reservation", "An address kept for one client.", MAC, ADDRESS, IPV6, HOSTNAME);

    private Keys() {}
  }
}
