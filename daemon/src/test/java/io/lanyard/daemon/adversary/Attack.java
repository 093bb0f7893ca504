package io.lanyard.daemon.adversary;

import java.io.IOException;
import java.util.Locale;

/**
 * The attacks, each of a guest by a port of its own, so that the port is the culprit's name; those
 * on the API are of users of the host.
 */
enum Attack {
  UDP_FLOOD(FlowAttacks::floodUdp),
  SYN_FLOOD(FlowAttacks::floodSyn),
  SYN_FORGED(FlowAttacks::forgeSyn),
  TCP_IDLE(FlowAttacks::idleConnections),
  TCP_ZERO_WINDOW(FlowAttacks::zeroWindow),
  PING_GATEWAY(FlowAttacks::pingGateway, Sign.LOOP_TIME),
  PING_WORLD(FlowAttacks::pingWorld),
  FRAGMENTS(FlowAttacks::fragments),
  UDP_FLOOD_IPV6(Family.IPV6, FlowAttacks::floodUdp),
  SYN_FLOOD_IPV6(Family.IPV6, FlowAttacks::floodSyn),
  SYN_FORGED_IPV6(Family.IPV6, FlowAttacks::forgeSyn),
  TCP_IDLE_IPV6(Family.IPV6, FlowAttacks::idleConnections),
  TCP_ZERO_WINDOW_IPV6(Family.IPV6, FlowAttacks::zeroWindow),
  PING_GATEWAY_IPV6(Family.IPV6, FlowAttacks::pingGateway, Sign.LOOP_TIME),
  PING_WORLD_IPV6(Family.IPV6, FlowAttacks::pingWorld),
  FRAGMENTS_IPV6(Family.IPV6, FlowAttacks::fragments),
  EXTENSION_HEADERS(Family.IPV6, NeighbourAttacks::extensionHeaders, Sign.LOOP_TIME),
  ICMPV6_ERRORS(Family.IPV6, NeighbourAttacks::errors, Sign.LOOP_TIME),
  DNS_SAME(ServiceAttacks::sameQuestion),
  DNS_SLOW(ServiceAttacks::slowQuestions),
  DNS_DISTINCT(ServiceAttacks::distinctQuestions, Sign.LOOP_TIME), // a fast host answers them all
  DNS_STREAMS(ServiceAttacks::dnsStreams),
  DNS_SAME_IPV6(Family.IPV6, ServiceAttacks::sameQuestion),
  DNS_SLOW_IPV6(Family.IPV6, ServiceAttacks::slowQuestions),
  DNS_STREAMS_IPV6(Family.IPV6, ServiceAttacks::dnsStreams),
  DHCP_STARVATION(ServiceAttacks::starve),
  DHCP_DIRECT(ServiceAttacks::discoverDirectly),
  DHCP_PROBES(ServiceAttacks::answerProbes),
  DHCP_RETURNS(ServiceAttacks::returnLeasesOfOthers, new Sign.Line("dhcp-impostor")),
  DHCPV6_STARVATION(Family.IPV6, NeighbourAttacks::starve),
  DHCPV6_RETURNS(
      Family.IPV6, NeighbourAttacks::returnLeasesOfOthers, new Sign.Line("dhcp-impostor")),
  METRICS_CONNECTIONS(ServiceAttacks::metricsConnections),
  METRICS_READERS(ServiceAttacks::metricsReaders),
  ARP_CLAIMS(LinkAttacks::claimAddresses),
  ARP_SPOOF(LinkAttacks::claimAddressesOfOthers, new Sign.Drops("guard-arp")),
  ND_CLAIMS(Family.IPV6, NeighbourAttacks::claimAddresses),
  ND_SPOOF(Family.IPV6, NeighbourAttacks::claimAddressesOfOthers, new Sign.Drops("guard-nd")),
  ROUTER_SOLICITATIONS(Family.IPV6, NeighbourAttacks::askForRouters),
  ROUTER_ADVERTISEMENTS(
      Family.IPV6, NeighbourAttacks::advertiseRouters, new Sign.Drops("guard-server")),
  GATEWAY_MAC(LinkAttacks::useTheGatewaysAddress, new Sign.Drops("pinned-source")),
  BROADCAST(LinkAttacks::broadcast),
  UNKNOWN_UNICAST(LinkAttacks::unknownDestinations),
  MAC_FLOOD(LinkAttacks::manySources),
  MAC_COLLISIONS(LinkAttacks::collidingSources),
  LOOP(LinkAttacks::loop),
  GROUP_SUPER_FRAMES(Kind.DEVICE, GroupSuperFrames::new, new Sign.Drops("group-super-frame")),
  HALF_FRAMES(Kind.STREAM, HalfFrames::new, Sign.NONE),
  UNREAD_FRAMES(
      Kind.STREAM,
      site -> new HostileGuest(site, Family.IPV4, LinkAttacks::askForMuch, false),
      new Sign.Drops("queue-full")),
  API_CONNECTIONS(Kind.NO_PORT, ApiUsers::new, new Sign.Problem("api: user 6100[123] holds .*"));

  /** The way in. */
  enum Kind {
    /** A stream port. */
    STREAM,
    /** A TAP device in a namespace of its own. */
    DEVICE,
    /** The API's socket. */
    NO_PORT
  }

  /** Makes an attacker. */
  interface Maker {
    /** Connects it. */
    Hostile make(Site site) throws IOException;
  }

  private final Kind kind;

  /** The family of what it sends, where it has one. */
  final Family family;

  @SuppressWarnings("ImmutableEnumChecker") // method references hold nothing
  private final Maker maker;

  @SuppressWarnings("ImmutableEnumChecker") // records of text
  final Sign sign;

  Attack(HostileGuest.Act act) {
    this(act, Sign.PORT_PROBLEM);
  }

  Attack(HostileGuest.Act act, Sign sign) {
    this(Family.IPV4, act, sign);
  }

  Attack(Family family, HostileGuest.Act act) {
    this(family, act, Sign.PORT_PROBLEM);
  }

  Attack(Family family, HostileGuest.Act act, Sign sign) {
    this(Kind.STREAM, family, site -> new HostileGuest(site, family, act, true), sign);
  }

  Attack(Kind kind, Maker maker, Sign sign) {
    this(kind, Family.IPV4, maker, sign);
  }

  Attack(Kind kind, Family family, Maker maker, Sign sign) {
    this.kind = kind;
    this.family = family;
    this.maker = maker;
    this.sign = sign;
  }

  Hostile begin(Site site) throws IOException {
    return maker.make(site);
  }

  /** The port's guard: without one it may use the addresses of others, and play router. */
  String guard() {
    return switch (this) {
      case ARP_SPOOF, ND_SPOOF -> "strict";
      case ROUTER_ADVERTISEMENTS -> "learn";
      default -> "off";
    };
  }

  /** The port that it comes by. */
  String port() {
    return "evil-" + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The port as the configuration declares it; empty for none. */
  String declaration(World world) {
    return switch (kind) {
      case STREAM ->
          "{name: %s, kind: qemu-stream, path: %1$s.sock, guard: %s}".formatted(port(), guard());
      case DEVICE ->
          "{name: %s, kind: tap, device: t0, netns: %s}".formatted(port(), world.hostile);
      case NO_PORT -> "";
    };
  }
}
