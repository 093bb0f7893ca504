package io.lanyard.daemon.adversary;

import java.util.List;

/** Attacks by several guests at once, of several kinds of ports and in both families. */
enum Alliance {
  FLOWS(Attack.UDP_FLOOD_VHOST, Attack.SYN_FORGED_IPV6, Attack.FRAGMENTS_TAP, Attack.PING_WORLD),
  CONNECTIONS(
      Attack.TCP_IDLE_IPV6,
      Attack.TCP_ZERO_WINDOW,
      Attack.DNS_STREAMS,
      Attack.METRICS_CONNECTIONS_IPV6),
  SERVICES(
      Attack.DNS_SLOW,
      Attack.DNS_OVER_TCP_IPV6,
      Attack.DHCP_STARVATION_VHOST,
      Attack.DHCPV6_STARVATION_DATAGRAM),
  LINK(Attack.BROADCAST_DATAGRAM, Attack.MAC_FLOOD_TAP, Attack.ARP_CLAIMS_VHOST, Attack.ND_CLAIMS);

  @SuppressWarnings("ImmutableEnumChecker") // List.of
  final List<Attack> attacks;

  Alliance(Attack... attacks) {
    this.attacks = List.of(attacks);
  }
}
