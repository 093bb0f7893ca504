package io.lanyard.dns;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Name;

/**
 * Reverse names of addresses that mean something on one host or link only, or nothing anywhere (RFC
 * 6303 sections 4.2 to 4.6). No name server can know them, so none is asked.
 *
 * <p>The zones of private addresses (RFC 6303 section 4.1, and {@code d.f.ip6.arpa}) are not among
 * them: the servers that the host asks may well know the names of a company's or a VPN's addresses.
 */
final class LocalReverse {
  /** The reverse name of 127.0.0.1. */
  private static final Name LOOPBACK4 = Name.fromConstantString("1.0.0.127.in-addr.arpa.");

  /** The reverse name of ::1. */
  private static final Name LOOPBACK6 =
      Name.fromConstantString("1." + "0.".repeat(31) + "ip6.arpa.");

  private static final List<Name> ZONES =
      Stream.of(
              "0.in-addr.arpa.", // this host on this network
              "127.in-addr.arpa.", // loopback
              "254.169.in-addr.arpa.", // link-local
              "2.0.192.in-addr.arpa.", // documentation, as the next two
              "100.51.198.in-addr.arpa.",
              "113.0.203.in-addr.arpa.",
              "255.255.255.255.in-addr.arpa.", // limited broadcast
              "0.".repeat(32) + "ip6.arpa.", // unspecified
              LOOPBACK6.toString(),
              "8.e.f.ip6.arpa.", // link-local, as the next three
              "9.e.f.ip6.arpa.",
              "a.e.f.ip6.arpa.",
              "b.e.f.ip6.arpa.",
              "8.b.d.0.1.0.0.2.ip6.arpa.") // documentation
          .map(Name::fromConstantString)
          .toList();

  private LocalReverse() {}

  /** The zone that a name belongs to; null for a name that others may know. */
  static @Nullable Name zoneOf(Name name) {
    for (Name zone : ZONES) {
      if (name.subdomain(zone)) {
        return zone;
      }
    }
    return null;
  }

  /** Whether a name is that of the loopback address, which is {@code localhost}'s. */
  static boolean isLoopback(Name name) {
    return name.equals(LOOPBACK4) || name.equals(LOOPBACK6);
  }

  /** Whether a name of a zone exists without records: the zone's own, or one above a loopback's. */
  static boolean isEmpty(Name name, Name zone) {
    return name.equals(zone) || LOOPBACK4.subdomain(name);
  }
}
