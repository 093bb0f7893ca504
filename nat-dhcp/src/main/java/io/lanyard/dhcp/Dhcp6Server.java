package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.EnumText;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.config.Dhcpv6Mode;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.gateway.DatagramService;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.station.Offence;
import io.lanyard.net.Subnet;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/**
 * A network's DHCPv6 server: the exchanges of RFC 8415, on the gateway's port 547. Which of them
 * give addresses, the configuration says.
 *
 * <p>Which rule applies where is said in the package's description. Nothing that a client sends
 * makes this class throw.
 *
 * <p>Thread: the network's loop only.
 */
public final class Dhcp6Server implements DatagramService, Dumpable {
  /** The server's UDP port (RFC 8415 section 7.2). */
  public static final int SERVER_PORT = 547;

  private static final int DUID_UUID = 4;

  private static final System.Logger LOG = System.getLogger(Dhcp6Server.class.getName());

  private final DhcpTerms terms;
  private final byte[] identifier;
  private final LeaseServer leases;
  private final LeaseKeeper keeper;
  private final Counters<DhcpCount> counters;
  private final RateLimitedLog log;
  private final Dhcp6Reply replies;
  private final Dhcp6Answers.Sender sender;
  private final Dhcp6Exchange exchange;
  private final Dhcp6Returns returns;
  private StationLocator locator = (mac, port) -> false;

  /**
   * Starts a server with the leases that are stored.
   *
   * @param config the network: its DHCP, its domain, and the hosts that have their addresses by
   *     other means
   * @param subnet its IPv6 subnet, said or derived
   * @param guests all guests, who have their names wherever they are on the network
   * @param link the network
   * @param journal where its leases are kept
   * @param identity what the server is known by, which outlives it (section 11.5)
   */
  public Dhcp6Server(
      NetworkConfig config,
      Subnet subnet,
      Collection<GuestConfig> guests,
      GuestLink link,
      LeaseJournal journal,
      UUID identity) {
    this.terms = new DhcpTerms(config, guests, subnet);
    this.identifier = identifier(identity);
    this.leases = new LeaseServer(terms, link, journal, LOG);
    ServerParts parts = leases.parts();
    this.keeper = parts.keeper();
    this.counters = parts.counters();
    this.log = parts.log();
    this.replies = new Dhcp6Reply(terms, this.identifier);
    this.sender = new Dhcp6Answers.Sender(link.allocator(), replies, counters);
    this.exchange = new Dhcp6Exchange(parts, link.timers().clock(), leases.watch(), sender);
    this.returns = new Dhcp6Returns(parts);
  }

  private static byte[] identifier(UUID identity) {
    return ByteBuffer.allocate(18)
        .putShort((short) DUID_UUID)
        .putLong(identity.getMostSignificantBits())
        .putLong(identity.getLeastSignificantBits())
        .array();
  }

  /**
   * Takes another configuration: whether it gives addresses, reservations, lease times, domains,
   * names, shares of ports. Leases stay, and have the names that are theirs now. One whose address
   * is given to its client no more ends when that asks to renew it: the address is withdrawn
   * (lifetimes of zero, section 18.3.4), and its new one stands beside it.
   *
   * @param config the network, with the same name and IPv6 subnet
   * @param guests all guests
   * @throws IllegalArgumentException if one of these is another; nothing has changed then
   */
  public void configure(NetworkConfig config, Collection<GuestConfig> guests) {
    terms.configure(config, guests);
    leases.configure();
    replies.configure();
  }

  /**
   * The part that the server has in common with that of IPv4: its leases, and what becomes of them.
   *
   * @return the live object
   */
  public LeaseServer common() {
    return leases;
  }

  /**
   * Has requests dropped that name a client which is behind another port.
   *
   * @param stationLocator knows where clients are
   */
  public void locateWith(StationLocator stationLocator) {
    locator = stationLocator;
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node =
        DumpNode.of("dhcp6")
            .with("subnet", terms.subnet())
            .with("mode", EnumText.word(terms.dhcp().ipv6()));
    if (terms.dhcp().ipv6() == Dhcpv6Mode.STATEFUL) {
      node.with("pool", terms.pool())
          .with("leaseTime", terms.dhcp().leaseTime().toSeconds() + "s")
          .with("available", leases.table().available());
    }
    node.with("leases", leases.table().leases().size());
    return counters.addTo(node).build();
  }

  @Override
  public void receive(ByteBuf payload, DatagramPeer from) {
    if (from.address().isIpv4()) {
      counters.count(DhcpCount.NOT_OURS);
      return;
    }
    Dhcp6Message request = Dhcp6Message.parse(payload, from);
    if (request == null) {
      counters.count(DhcpCount.MALFORMED);
      return;
    }
    if (request.badOptions) {
      counters.count(DhcpCount.BAD_OPTIONS);
    }
    if (!isOfThisLink(request)) {
      counters.count(DhcpCount.NOT_OURS);
      return;
    }
    if (!request.relayed() && !from.toGroup()) {
      refuseUnicast(request);
      return;
    }
    keeper.endDue();
    if (!isForAnother(request)) {
      take(request);
    }
  }

  /** Sections 16 and 18.4: no client may send to the server alone, since nobody has told it to. */
  private void refuseUnicast(Dhcp6Message request) {
    counters.count(DhcpCount.NOT_OURS);
    switch (request.type) {
      case REQUEST, RENEW, RELEASE, DECLINE -> {
        if (request.client != null && Arrays.equals(request.server, identifier)) {
          reply(
              request,
              replies.status(sender.allocator(), request, Dhcp6Option.USE_MULTICAST, List.of()));
        }
      }
      default -> {} // to be discarded
    }
  }

  /** Section 13.1: the relay's address says which link the client is on. */
  private boolean isOfThisLink(Dhcp6Message request) {
    for (Dhcp6Relay relay : request.relays) {
      boolean says = !relay.link().isAny() && !relay.link().isLinkLocal();
      if (says && !terms.subnet().contains(relay.link())) {
        return false;
      }
    }
    return true;
  }

  private void take(Dhcp6Message request) {
    switch (request.type) {
      case SOLICIT -> {
        counters.count(DhcpCount.SOLICIT);
        if (isToAnyServer(request)) {
          exchange.solicit(request);
        }
      }
      case REQUEST -> {
        counters.count(DhcpCount.REQUEST);
        if (isToThisServer(request)) {
          exchange.request(request);
        }
      }
      case RENEW -> {
        counters.count(DhcpCount.RENEW);
        if (isToThisServer(request)) {
          exchange.extend(request);
        }
      }
      case REBIND -> {
        counters.count(DhcpCount.REBIND);
        if (isToAnyServer(request)) {
          exchange.extend(request);
        }
      }
      case CONFIRM -> {
        counters.count(DhcpCount.CONFIRM);
        if (isToAnyServer(request)) {
          confirm(request);
        }
      }
      case RELEASE -> {
        counters.count(DhcpCount.RELEASE);
        giveUp(request);
      }
      case DECLINE -> {
        counters.count(DhcpCount.DECLINE);
        giveUp(request);
      }
      case INFORMATION_REQUEST -> inform(request);
      case ADVERTISE, REPLY, RECONFIGURE, RELAY_FORW, RELAY_REPL ->
          counters.count(DhcpCount.UNEXPECTED_TYPE);
    }
  }

  /**
   * Sections 16.2, 16.5 and 16.7: from a client that says who it is, to no server in particular.
   */
  private boolean isToAnyServer(Dhcp6Message request) {
    boolean is = request.client != null && request.server == null;
    if (!is) {
      counters.count(DhcpCount.MALFORMED);
    }
    return is;
  }

  /** Sections 16.4, 16.6, 16.8 and 16.9: from a client that says who it is, to this server. */
  private boolean isToThisServer(Dhcp6Message request) {
    if (request.client == null || request.server == null) {
      counters.count(DhcpCount.MALFORMED);
      return false;
    }
    boolean is = Arrays.equals(request.server, identifier);
    if (!is) {
      counters.count(DhcpCount.NOT_OURS);
    }
    return is;
  }

  /**
   * Section 18.3.3, but for a client whose lease this server has not: by the letter it would be
   * told to go on, with an address that nobody holds for it, and that a guard does not let pass. It
   * is told to begin anew, which is likely to give it the same address. So is a client that has
   * come to another port: its lease moves when it asks for the address.
   */
  private void confirm(Dhcp6Message request) {
    boolean names = request.associations.stream().anyMatch(one -> !one.addresses().isEmpty());
    boolean has = names && exchange.confirms(request);
    boolean areHere = exchange.areHere(request);
    if (!names || (!has && areHere && !terms.dhcp().authoritative())) {
      counters.count(DhcpCount.UNKNOWN_CLIENT);
      return;
    }
    if (!has && areHere && exchange.isUndecided(request)) {
      return; // The client repeats its message, or goes on with what it has: section 18.2.3.
    }
    int status = has ? Dhcp6Option.SUCCESS : Dhcp6Option.NOT_ON_LINK;
    reply(request, replies.status(sender.allocator(), request, status, List.of()));
  }

  private void giveUp(Dhcp6Message request) {
    if (isToThisServer(request)) {
      List<Dhcp6Outcome> unknown = returns.take(request);
      reply(request, replies.status(sender.allocator(), request, Dhcp6Option.SUCCESS, unknown));
    }
  }

  /** Sections 16.12 and 18.3.6: from a client that need not say who it is. */
  private void inform(Dhcp6Message request) {
    counters.count(DhcpCount.INFORMATION_REQUEST);
    boolean other = request.server != null && !Arrays.equals(request.server, identifier);
    if (other || !request.associations.isEmpty()) {
      counters.count(other ? DhcpCount.NOT_OURS : DhcpCount.MALFORMED);
      return;
    }
    reply(request, replies.information(sender.allocator(), request));
  }

  private void reply(Dhcp6Message request, ByteBuf payload) {
    sender.send(request, DhcpCount.REPLY, payload);
  }

  /** Whether a relay asks for a client that is behind another port; it says that without proof. */
  private boolean isForAnother(Dhcp6Message request) {
    long mac = request.mac();
    String port = request.budget().name();
    if (mac == request.sender() || !locator.isElsewhere(mac, port)) {
      return false;
    }
    counters.count(DhcpCount.CLIENT_ELSEWHERE);
    request.budget().count(Offence.LEASES);
    log.log(
        Level.WARNING,
        "dhcp-client-elsewhere",
        port,
        line ->
            line.with("network", terms.network())
                .with("port", port)
                .with("mac", Ethernet.format(request.sender()))
                .with("client", Ethernet.format(mac))
                .with("type", request.type)
                .with("cause", "the client that the request names belongs to another port"));
    return true;
  }
}
