package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.gateway.DatagramService;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.station.Offence;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;
import java.lang.System.Logger.Level;
import java.util.Collection;

/**
 * A network's DHCPv4 server: the exchange of RFC 2131, on the gateway's port 67.
 *
 * <p>Which rule applies where is said in the package's description. Nothing that a client sends
 * makes this class throw.
 *
 * <p>Thread: the network's loop only.
 */
public final class DhcpServer implements DatagramService, Dumpable {
  /** The server's UDP port (RFC 2131 section 4.1). */
  public static final int SERVER_PORT = 67;

  private static final System.Logger LOG = System.getLogger(DhcpServer.class.getName());

  private final DhcpTerms terms;
  private final GuestLink link;
  private final LeaseServer leases;
  private final LeaseTable table;
  private final LeaseKeeper keeper;
  private final DhcpReply replies;
  private final Counters<DhcpCount> counters;
  private final RateLimitedLog log;
  private final Identification identification;
  private final Exchange exchange;
  private final Returns returns;
  private final ReplySender sender;
  private StationLocator locator = (mac, port) -> false;

  /**
   * Starts a server with the leases that are stored.
   *
   * @param config the network: its addresses, DHCP, domain, and the hosts that have their addresses
   *     by other means
   * @param guests all guests, who have their names wherever they are on the network
   * @param link the network
   * @param journal where its leases are kept
   */
  public DhcpServer(
      NetworkConfig config, Collection<GuestConfig> guests, GuestLink link, LeaseJournal journal) {
    this.terms = new DhcpTerms(config, guests);
    this.link = link;
    this.leases = new LeaseServer(terms, link, journal, LOG);
    ServerParts parts = leases.parts();
    this.table = parts.table();
    this.keeper = parts.keeper();
    this.counters = parts.counters();
    this.log = parts.log();
    this.replies = new DhcpReply(terms);
    this.identification = new Identification(parts);
    this.sender = new ReplySender(counters);
    this.exchange =
        new Exchange(
            parts, link.timers().clock(), link.allocator(), leases.watch(), replies, sender);
    this.returns = new Returns(parts);
  }

  /**
   * Takes another configuration: pool, reservations, lease times, options, names, shares of ports,
   * and whether it is authoritative. Leases stay, and have the names that are theirs now.
   *
   * <p>A lease whose address is given to nobody any more, or is reserved for another client, runs
   * on until its client asks to renew it, half its time at the latest; the request is refused by a
   * NAK, so that the client begins anew at once (RFC 2131 section 4.4.5, figure 5), and the address
   * is free. Section 4.3.2 would have the server confirm what is left of a lease that it does not
   * extend; but the address is not this client's to keep any more. A client that has an address of
   * its own by a new reservation is refused its former one in the same way, and is offered its own.
   *
   * @param config the network, with the same name, subnet and gateway
   * @param guests all guests
   * @throws IllegalArgumentException if one of these is another; nothing has changed then
   */
  public void configure(NetworkConfig config, Collection<GuestConfig> guests) {
    terms.configure(config, guests);
    leases.configure();
    replies.configure();
  }

  /**
   * The part that the server has in common with that of IPv6: its leases, and what becomes of them.
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

  /**
   * The server's leases.
   *
   * @return the table
   */
  public LeaseTable leases() {
    return table;
  }

  /**
   * The server's counters.
   *
   * @return the counters
   */
  public Counters<DhcpCount> counters() {
    return counters;
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node =
        DumpNode.of("dhcp")
            .with("subnet", terms.subnet())
            .with("pool", terms.pool())
            .with("leaseTime", terms.dhcp().leaseTime().toSeconds() + "s")
            .with("leases", table.leases().size())
            .with("available", table.available());
    return counters.addTo(node).build();
  }

  @Override
  public void receive(ByteBuf payload, DatagramPeer from) {
    if (!from.address().isIpv4()) {
      counters.count(DhcpCount.NOT_OURS); // IPv6 has a protocol of its own (RFC 8415)
      return;
    }
    DhcpMessage request = DhcpMessage.parse(payload, from);
    if (request == null) {
      counters.count(DhcpCount.MALFORMED);
      return;
    }
    if (request.malformedOptions()) {
      counters.count(DhcpCount.BAD_OPTIONS);
    }
    // RFC 2131 section 4.3.1: the relay's address says which subnet the client is in.
    if (request.relayed() && !terms.subnet().isHost(request.giaddr)) {
      counters.count(DhcpCount.NOT_OURS);
      return;
    }
    keeper.endDue();
    switch (request.type) {
      case DISCOVER -> {
        counters.count(DhcpCount.DISCOVER);
        if (isForAnother(request)) {
          return;
        }
        identification.identify(request, () -> exchange.offer(request, from));
      }
      case REQUEST -> {
        counters.count(DhcpCount.REQUEST);
        if (isForAnother(request)) {
          return;
        }
        identification.identify(request, () -> exchange.request(request, from));
      }
      case DECLINE -> returns.decline(request);
      case RELEASE -> returns.release(request);
      case INFORM -> inform(request, from);
      case OFFER, ACK, NAK -> counters.count(DhcpCount.UNEXPECTED_TYPE);
    }
  }

  /**
   * Whether a request names a client that is behind another port. One whose place is not known may
   * be behind the sender, as behind a bridge that has one MAC address for all; a relay says that it
   * is one without proof.
   */
  private boolean isForAnother(DhcpMessage request) {
    if (request.sender == request.mac || !locator.isElsewhere(request.mac, request.port)) {
      return false;
    }
    counters.count(DhcpCount.CLIENT_ELSEWHERE);
    request.budget().count(Offence.LEASES);
    log.log(
        Level.WARNING,
        "dhcp-client-elsewhere",
        request.port,
        line ->
            line.with("network", terms.network())
                .with("port", request.port)
                .with("mac", Ethernet.format(request.sender))
                .with("client", Ethernet.format(request.mac))
                .with("type", request.type)
                .with("cause", "the client that the request names belongs to another port"));
    return true;
  }

  /** RFC 2131 section 4.3.5. */
  private void inform(DhcpMessage request, DatagramPeer from) {
    counters.count(DhcpCount.INFORM);
    if (isForAnother(request)) {
      return;
    }
    Address client = request.ciaddr.isAny() ? from.address() : request.ciaddr;
    if (!terms.subnet().isHost(client)) {
      counters.count(DhcpCount.NOT_OURS);
      return;
    }
    sender.sendBack(
        DhcpCount.ACK, request, from, replies.inform(link.allocator(), request), client);
  }
}
