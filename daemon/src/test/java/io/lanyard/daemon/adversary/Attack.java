package io.lanyard.daemon.adversary;

import java.util.Locale;

/**
 * The attacks of a hostile guest, each by a port of its own, so that the port is the culprit's
 * name.
 */
enum Attack {
  UDP_FLOOD(HostileGuest::floodUdp),
  SYN_FLOOD(HostileGuest::floodSyn),
  SYN_FORGED(HostileGuest::forgeSyn),
  TCP_IDLE(HostileGuest::idleConnections),
  TCP_ZERO_WINDOW(HostileGuest::zeroWindow),
  DNS_SAME(HostileGuest::sameQuestion),
  DNS_SLOW(HostileGuest::slowQuestions),
  DNS_DISTINCT(HostileGuest::distinctQuestions, Sign.LOOP_TIME), // a fast host answers them all
  DNS_STREAMS(HostileGuest::dnsStreams),
  DHCP_STARVATION(HostileGuest::starve),
  DHCP_PROBES(HostileGuest::answerProbes),
  ARP_CLAIMS(HostileGuest::claimAddresses),
  PING_GATEWAY(HostileGuest::pingGateway, Sign.LOOP_TIME),
  PING_WORLD(HostileGuest::pingWorld),
  FRAGMENTS(HostileGuest::fragments),
  BROADCAST(HostileGuest::broadcast),
  UNKNOWN_UNICAST(HostileGuest::unknownDestinations),
  MAC_FLOOD(HostileGuest::manySources),
  MAC_COLLISIONS(HostileGuest::collidingSources),
  LOOP(HostileGuest::loop),
  GATEWAY_MAC(HostileGuest::useTheGatewaysAddress, Sign.DROPS),
  ARP_SPOOF(HostileGuest::claimAddressesOfOthers, Sign.DROPS),
  METRICS_CONNECTIONS(HostileGuest::metricsConnections);

  /** The place that shows which port attacks. */
  enum Sign {
    /** A problem of the status. */
    STATUS,
    /** The loop's time, port by port: the guest stays within every quota. */
    LOOP_TIME,
    /** The port's drops by cause, and a line of the log. */
    DROPS
  }

  /** An attack, for a hostile guest. */
  interface Act {
    /** Goes on until the guest is closed. */
    void by(HostileGuest guest);
  }

  @SuppressWarnings("ImmutableEnumChecker") // method references hold nothing
  final Act act;

  final Sign sign;

  Attack(Act act) {
    this(act, Sign.STATUS);
  }

  Attack(Act act, Sign sign) {
    this.act = act;
    this.sign = sign;
  }

  /** The port's guard: without one it may use the addresses of others. */
  String guard() {
    return this == ARP_SPOOF ? "strict" : "off";
  }

  /** The port that it comes by. */
  String port() {
    return "evil-" + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
