package io.lanyard.daemon.adversary;

import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The attacks, each of a guest by a port of its own, so that the port is the culprit's name; those
 * on the API are of users of the host, those on the metrics of guests and of the world's host, and
 * those by forwards of clients from the world.
 */
enum Attack {
  UDP_FLOOD(FlowAttacks::floodUdp),
  SYN_FLOOD(FlowAttacks::floodSyn),
  SYN_FORGED(FlowAttacks::forgeSyn),
  UDP_IN_ANOTHERS_NAME(FlowAttacks::forgeHonestUdp),
  SYN_IN_ANOTHERS_NAME(FlowAttacks::forgeHonestSyn),
  PING_IN_ANOTHERS_NAME(FlowAttacks::forgeHonestPing),
  TCP_IDLE(FlowAttacks::idleConnections),
  TCP_ZERO_WINDOW(FlowAttacks::zeroWindow),
  PING_GATEWAY(FlowAttacks::pingGateway, Sign.BUSY),
  PING_WORLD(FlowAttacks::pingWorld),
  FRAGMENTS(FlowAttacks::fragments),
  HAIRPIN(FlowAttacks::hairpin, Sign.BUSY),
  UDP_FLOOD_IPV6(Family.IPV6, FlowAttacks::floodUdp),
  SYN_FLOOD_IPV6(Family.IPV6, FlowAttacks::floodSyn),
  SYN_FORGED_IPV6(Family.IPV6, FlowAttacks::forgeSyn),
  UDP_IN_ANOTHERS_NAME_IPV6(Family.IPV6, FlowAttacks::forgeHonestUdp),
  SYN_IN_ANOTHERS_NAME_IPV6(Family.IPV6, FlowAttacks::forgeHonestSyn),
  PING_IN_ANOTHERS_NAME_IPV6(Family.IPV6, FlowAttacks::forgeHonestPing),
  TCP_IDLE_IPV6(Family.IPV6, FlowAttacks::idleConnections),
  TCP_ZERO_WINDOW_IPV6(Family.IPV6, FlowAttacks::zeroWindow),
  PING_GATEWAY_IPV6(Family.IPV6, FlowAttacks::pingGateway, Sign.BUSY),
  PING_WORLD_IPV6(Family.IPV6, FlowAttacks::pingWorld),
  FRAGMENTS_IPV6(Family.IPV6, FlowAttacks::fragments),
  HAIRPIN_IPV6(Family.IPV6, FlowAttacks::hairpin, Sign.BUSY),
  EXTENSION_HEADERS(Family.IPV6, NeighbourAttacks::extensionHeaders),
  ICMP_ERRORS(NeighbourAttacks::errors),
  ICMPV6_ERRORS(Family.IPV6, NeighbourAttacks::errors),
  DNS_SAME(ServiceAttacks::sameQuestion),
  DNS_SLOW(ServiceAttacks::slowQuestions),
  DNS_DISTINCT(ServiceAttacks::distinctQuestions, Sign.BUSY), // a fast host answers them all
  DNS_OVER_TCP(ServiceAttacks::questionsOverTcp),
  DNS_OVER_TLS(ServiceAttacks::questionsOverTls),
  DNS_STREAMS(ServiceAttacks::dnsStreams),
  DNS_SAME_IPV6(Family.IPV6, ServiceAttacks::sameQuestion),
  DNS_DISTINCT_IPV6(Family.IPV6, ServiceAttacks::distinctQuestions, Sign.BUSY),
  DNS_SLOW_IPV6(Family.IPV6, ServiceAttacks::slowQuestions),
  DNS_OVER_TCP_IPV6(Family.IPV6, ServiceAttacks::questionsOverTcp),
  DNS_OVER_TLS_IPV6(Family.IPV6, ServiceAttacks::questionsOverTls),
  DNS_STREAMS_IPV6(Family.IPV6, ServiceAttacks::dnsStreams),
  DHCP_STARVATION(ServiceAttacks::starve),
  DHCP_CHURN(ServiceAttacks::churnLeases, Sign.BUSY),
  DHCP_DIRECT(ServiceAttacks::discoverDirectly),
  DHCP_PROBES(ServiceAttacks::answerProbes),
  DHCP_RETURNS(ServiceAttacks::returnLeasesOfOthers),
  DHCP_RELAYS(ServiceAttacks::starveByRelays),
  DHCP_SERVER(ServiceAttacks::serveDhcp),
  DHCPV6_STARVATION(Family.IPV6, NeighbourAttacks::starve),
  DHCPV6_CHURN(Family.IPV6, NeighbourAttacks::churnLeases),
  DHCPV6_RETURNS(Family.IPV6, NeighbourAttacks::returnLeasesOfOthers),
  DHCPV6_RELAYS(Family.IPV6, NeighbourAttacks::starveByRelays),
  DHCPV6_SERVER(Family.IPV6, NeighbourAttacks::serve),
  METRICS_CONNECTIONS(ServiceAttacks::metricsConnections),
  METRICS_READERS(ServiceAttacks::metricsReaders),
  METRICS_CONNECTIONS_IPV6(Family.IPV6, ServiceAttacks::metricsConnections),
  METRICS_READERS_IPV6(Family.IPV6, ServiceAttacks::metricsReaders),
  ARP_CLAIMS(LinkAttacks::claimAddresses),
  ARP_SPOOF(LinkAttacks::claimAddressesOfOthers),
  ARP_SPOOF_UNGUARDED(LinkAttacks::claimHonestAddress),
  ND_CLAIMS(Family.IPV6, NeighbourAttacks::claimAddresses),
  ND_SPOOF(Family.IPV6, NeighbourAttacks::claimAddressesOfOthers),
  ND_SPOOF_UNGUARDED(Family.IPV6, NeighbourAttacks::claimHonestAddress),
  ROUTER_SOLICITATIONS(Family.IPV6, NeighbourAttacks::askForRouters),
  ROUTER_ADVERTISEMENTS(Family.IPV6, NeighbourAttacks::advertiseRouters),
  GATEWAY_MAC(LinkAttacks::useTheGatewaysAddress),
  BROADCAST(LinkAttacks::broadcast),
  UNKNOWN_UNICAST(LinkAttacks::unknownDestinations),
  MAC_FLOOD(LinkAttacks::manySources),
  MAC_COLLISIONS(LinkAttacks::collidingSources),
  LOOP(LinkAttacks::loop),
  GROUP_SUPER_FRAMES(Kind.DEVICE, GroupSuperFrames::new, Sign.PORT_PROBLEM),
  HALF_FRAMES(Kind.STREAM, HalfFrames::new, Sign.PORT_PROBLEM),
  UNREAD_FRAMES(
      Kind.STREAM,
      site ->
          new HostileGuest(
              site, new StreamEnd(site.socket()), Family.IPV4, LinkAttacks::askForMuch, false),
      Sign.PORT_PROBLEM),
  UDP_FLOOD_TAP(Kind.DEVICE, Family.IPV4, FlowAttacks::floodUdp),
  FRAGMENTS_TAP(Kind.DEVICE, Family.IPV4, FlowAttacks::fragments),
  DHCP_STARVATION_TAP(Kind.DEVICE, Family.IPV4, ServiceAttacks::starve),
  ARP_CLAIMS_TAP(Kind.DEVICE, Family.IPV4, LinkAttacks::claimAddresses),
  BROADCAST_TAP(Kind.DEVICE, Family.IPV4, LinkAttacks::broadcast),
  MAC_FLOOD_TAP(Kind.DEVICE, Family.IPV4, LinkAttacks::manySources),
  UDP_FLOOD_DATAGRAM(Kind.DATAGRAM, Family.IPV6, FlowAttacks::floodUdp),
  FRAGMENTS_DATAGRAM(Kind.DATAGRAM, Family.IPV6, FlowAttacks::fragments),
  DHCPV6_STARVATION_DATAGRAM(Kind.DATAGRAM, Family.IPV6, NeighbourAttacks::starve),
  ND_CLAIMS_DATAGRAM(Kind.DATAGRAM, Family.IPV6, NeighbourAttacks::claimAddresses),
  BROADCAST_DATAGRAM(Kind.DATAGRAM, Family.IPV4, LinkAttacks::broadcast),
  MAC_FLOOD_DATAGRAM(Kind.DATAGRAM, Family.IPV4, LinkAttacks::manySources),
  UDP_FLOOD_VHOST(Kind.VHOST, Family.IPV4, FlowAttacks::floodUdp),
  FRAGMENTS_VHOST(Kind.VHOST, Family.IPV4, FlowAttacks::fragments),
  DHCP_STARVATION_VHOST(Kind.VHOST, Family.IPV4, ServiceAttacks::starve),
  ARP_CLAIMS_VHOST(Kind.VHOST, Family.IPV4, LinkAttacks::claimAddresses),
  BROADCAST_VHOST(Kind.VHOST, Family.IPV4, LinkAttacks::broadcast),
  MAC_FLOOD_VHOST(Kind.VHOST, Family.IPV4, LinkAttacks::manySources),
  VHOST_RESETS(Kind.VHOST, site -> new VhostDriver(site, VhostDriver::reset), Sign.BUSY),
  VHOST_KICKS(Kind.VHOST, site -> new VhostDriver(site, VhostDriver::kick), Sign.BUSY),
  VXLAN_STATIONS(VxlanHost::makeUpStations, Family.IPV4),
  VXLAN_NETWORKS(VxlanHost::makeUpNetworks, Family.IPV4),
  VXLAN_STATIONS_IPV6(VxlanHost::makeUpStations, Family.IPV6),
  VXLAN_NETWORKS_IPV6(VxlanHost::makeUpNetworks, Family.IPV6),
  API_CONNECTIONS(Kind.NO_PORT, ApiUsers::new, new Sign.Problem("api: user 6100[123] holds .*")),
  API_CONNECTIONS_IPV6(
      Kind.NO_PORT,
      Family.IPV6,
      (Site site) -> HostClients.ofApi(site),
      new Sign.Problem("api on TCP: ::1 holds .*")),
  METRICS_CLIENTS(
      Kind.NO_PORT,
      site -> HostClients.ofMetrics(site, Family.IPV4),
      new Sign.Problem("metrics: 10.99.0.2 holds .*")),
  METRICS_CLIENTS_IPV6(
      Kind.NO_PORT,
      Family.IPV6,
      (Site site) -> HostClients.ofMetrics(site, Family.IPV6),
      new Sign.Problem("metrics: 2001:db8:99::/64 holds .*")),
  // Last, since their flows stay for minutes.
  FORWARD_CLIENTS(ForwardFlood.SIGN, Family.IPV4),
  FORWARD_CLIENTS_IPV6(ForwardFlood.SIGN, Family.IPV6);

  /** The way in. */
  enum Kind {
    /** A stream port. */
    STREAM,
    /** A TAP device in a namespace of its own. */
    DEVICE,
    /** A datagram port. */
    DATAGRAM,
    /** A port for a VMM that shares its guest's memory. */
    VHOST,
    /** A port that leads to another host. */
    VXLAN,
    /** A server of the daemon's, or a forward from the world. */
    NO_PORT;

    /** Attaches a guest that makes its own frames. */
    FrameEnd attach(Site site) throws IOException {
      return switch (this) {
        case STREAM -> new StreamEnd(site.socket());
        case DEVICE -> PacketEnd.of(site);
        case DATAGRAM -> new DatagramEnd(site.socket(), site.ownSocket());
        case VHOST -> new VhostEnd(site.socket());
        case VXLAN, NO_PORT -> throw new IOException(this + " has no guest");
      };
    }
  }

  /** Makes an attacker. */
  interface Maker {
    /** Connects it. */
    Hostile make(Site site) throws IOException;
  }

  /**
   * Some of each sort whose frames cost the daemon more than the attacker: their port has work at
   * any time.
   */
  private static final Set<Attack> GREEDY =
      EnumSet.of(UDP_FLOOD, PING_WORLD, ICMP_ERRORS, DNS_DISTINCT, DHCP_DIRECT);

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
    this(Kind.STREAM, family, act, sign);
  }

  Attack(Kind kind, Family family, HostileGuest.Act act) {
    this(kind, family, act, Sign.PORT_PROBLEM);
  }

  Attack(Kind kind, Family family, HostileGuest.Act act, Sign sign) {
    this(
        kind,
        family,
        (Site site) -> new HostileGuest(site, kind.attach(site), family, act, true),
        sign);
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

  Attack(VxlanHost.Writer writer, Family family) {
    this.kind = Kind.VXLAN;
    this.family = family;
    this.maker = site -> new VxlanHost(site, this, writer);
    this.sign = Sign.PORT_PROBLEM;
  }

  Attack(Sign sign, Family family) {
    this(Kind.NO_PORT, family, (Site site) -> new ForwardFlood(site, family), sign);
  }

  Hostile begin(Site site) throws IOException {
    return maker.make(site);
  }

  /**
   * The port's guard: without one it may use the addresses of others, and play router or DHCP
   * server.
   */
  String guard() {
    return switch (this) {
      case ARP_SPOOF, ND_SPOOF -> "strict";
      case ROUTER_ADVERTISEMENTS, DHCP_SERVER, DHCPV6_SERVER -> "learn";
      default -> "off";
    };
  }

  /** Whether its flood is the honest port's own work, by that port's forward. */
  boolean isByForward() {
    return sign.equals(ForwardFlood.SIGN);
  }

  /** Bytes of heap that it leaves behind, because no port takes them along when it is closed. */
  long leaves() {
    return isByForward() ? ForwardFlood.FLOW_BYTES : 0;
  }

  /** Whether one of them wants all of the loop's time for certain, once it is let. */
  static boolean wantAll(List<Attack> attacks) {
    return attacks.stream().anyMatch(GREEDY::contains);
  }

  /** Whether it comes by a port of network a, which is charged for it. */
  boolean hasPort() {
    return kind != Kind.NO_PORT;
  }

  /** The port that it comes by. */
  String port() {
    return "evil-" + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Its device in the hostile guest's namespace, if it has one. */
  String device() {
    return "t" + ordinal();
  }

  /** The port as the configuration declares it; empty for none. */
  String declaration(World world) {
    return switch (kind) {
      case STREAM ->
          "{name: %s, kind: qemu-stream, path: %1$s.sock, guard: %s}".formatted(port(), guard());
      case DEVICE ->
          "{name: %s, kind: tap, device: %s, netns: %s, guard: off}"
              .formatted(port(), device(), world.hostile);
      case DATAGRAM -> "{name: %s, kind: vfkit, path: %1$s.sock, guard: off}".formatted(port());
      case VHOST -> "{name: %s, kind: vhost-user, path: %1$s.sock, guard: off}".formatted(port());
      case VXLAN ->
          "{name: %s, kind: vxlan, vni: %d, remotes: [\"%s\"], port: %d}"
              .formatted(port(), VxlanHost.VNI, family.tunnel, VxlanHost.port(this));
      case NO_PORT -> "";
    };
  }
}
