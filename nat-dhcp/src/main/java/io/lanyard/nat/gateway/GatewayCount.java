package io.lanyard.nat.gateway;

/** The gateway's counters. */
public enum GatewayCount {
  /** IPv4 packets from guests that were looked at. */
  IPV4_IN,
  /** IPv4 packets sent to guests. */
  IPV4_OUT,
  /** IPv6 packets from guests that were looked at. */
  IPV6_IN,
  /** IPv6 packets sent to guests. */
  IPV6_OUT,
  /** Frames for other stations, or of a protocol that the gateway does not speak. */
  NOT_FOR_US,
  /** Frames with a VLAN tag: the gateway is in no VLAN. */
  BAD_FRAME,
  /** ARP packets that make no sense. */
  BAD_ARP,
  /** ARP requests answered. */
  ARP_ANSWERED,
  /** ARP requests and probes sent. */
  ARP_ASKED,
  /** Somebody else claimed an address of the gateway's (RFC 5227). */
  ADDRESS_CONFLICT,
  /** Neighbour discovery messages that make no sense. */
  BAD_ND,
  /** Neighbour solicitations answered. */
  ND_ANSWERED,
  /** Neighbour solicitations sent. */
  ND_ASKED,
  /** Router solicitations beyond a port's rate, not answered. */
  ROUTER_SOLICITATIONS_LIMITED,
  /** Router advertisements sent. */
  ROUTER_ADVERTISEMENTS,
  /** IPv4 packets with bad version, lengths or options. */
  BAD_IPV4,
  /** IPv6 packets with bad version, lengths or extension headers. */
  BAD_IPV6,
  /** IPv4 packets with a bad header checksum. */
  BAD_IPV4_CHECKSUM,
  /** Packets whose source is not an address of the subnet, or is ours. */
  MARTIAN_SOURCE,
  /** Packets whose source is an address of a station behind another port. */
  FORGED_SOURCE,
  /** Packets to multicast, broadcast, or other addresses that are never forwarded. */
  MARTIAN_DESTINATION,
  /** Packets to the host's loopback or other addresses that guests may not reach. */
  PROHIBITED,
  /** Flows that the network's egress rules, or what they protect by default, deny. */
  EGRESS_DENIED,
  /** Flows that did not begin: the port has as many new ones in a second as its limits allow. */
  FLOW_RATE_LIMITED,
  /** TCP flows whose first bytes name no server, or one that the rules do not permit there. */
  EGRESS_SNI_DENIED,
  /** Flows that the rules would deny if they were not only tried. */
  EGRESS_WOULD_DENY,
  /** Packets to addresses of the subnet that came to the gateway. */
  ON_LINK,
  /** Packets whose time to live ran out here. */
  TTL_EXCEEDED,
  /** Packets of a protocol that is not forwarded. */
  BAD_PROTOCOL,
  /** UDP or ICMP packets with bad lengths. */
  BAD_TRANSPORT,
  /** UDP or ICMP packets with a bad checksum. */
  BAD_TRANSPORT_CHECKSUM,
  /** UDP datagrams to a port of the gateway that nobody serves. */
  PORT_CLOSED,
  /** Fragments received. */
  FRAGMENTS_IN,
  /** Datagrams put together. */
  REASSEMBLED,
  /** Datagrams given up: overlap, impossible lengths, too many, too late. */
  REASSEMBLY_FAILED,
  /** Packets cut into fragments for a guest. */
  FRAGMENTED,
  /** Packets too large for a guest that must not be fragmented. */
  TOO_LARGE,
  /** Echo requests answered by the gateway itself. */
  ECHO_ANSWERED,
  /** ICMP errors received from guests. */
  ICMP_ERRORS_IN,
  /** ICMP errors sent to guests. */
  ICMP_ERRORS_OUT,
  /** ICMP errors not sent because of the rate limit. */
  ICMP_ERRORS_LIMITED,
  /** Errors in our own code, caught before they reached the loop. */
  INTERNAL_ERROR
}
