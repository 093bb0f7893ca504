package io.lanyard.config;

/** The DHCPv6 of a network, and so who makes its guests' IPv6 addresses. */
public enum Dhcpv6Mode {
  /** There is none. Guests make their addresses from router advertisements (RFC 4862). */
  OFF,
  /** The same, and guests may ask for options: name servers, domains to search. */
  STATELESS,
  /** Guests get their addresses by leases, as in IPv4, and make none but link-local ones. */
  STATEFUL
}
