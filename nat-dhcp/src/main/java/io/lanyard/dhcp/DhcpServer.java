package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.gateway.DatagramService;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

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
  private final LeaseClock clock;
  private final LeaseJournal journal;
  private final LeaseTable table;
  private final LeaseKeeper keeper;
  private final DhcpReply replies;
  private final Counters<DhcpCount> counters = new Counters<>(DhcpCount.class);
  private final RateLimitedLog log;
  private final ConflictCheck check;
  private final Identification identification;
  private final Exchange exchange;
  private final Returns returns;
  private final PoolWatch watch;
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
    this.clock = journal.clock();
    this.replies = new DhcpReply(terms);
    this.log = new RateLimitedLog(LOG, link.timers().clock());
    this.table = new LeaseTable(terms);
    this.check = new ConflictCheck(terms, counters);
    this.watch = new PoolWatch(terms, table, link.timers().clock(), counters, log);
    this.journal = journal;
    this.keeper =
        new LeaseKeeper(terms, table, journal, link.timers(), counters, log, watch::changed);
    ServerParts parts = new ServerParts(terms, table, keeper, clock, check, counters, log);
    this.identification = new Identification(parts);
    this.sender = new ReplySender(link.timers().clock(), counters);
    this.exchange = new Exchange(parts, link.allocator(), watch, replies, sender);
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
    table.configure();
    replies.configure();
    // First what others are to have.
    for (Lease lease : table.leases()) {
      if (lease.hostname() != null && table.names().renewed(lease) == null) {
        keeper.rename(lease, null);
      }
    }
    for (Lease lease : table.leases()) {
      String name = table.names().renewed(lease);
      if (!Objects.equals(name, lease.hostname())) {
        keeper.rename(lease, name);
      }
    }
    watch.changed();
  }

  /**
   * Ends a lease, as an operator wishes. DHCP has no message that tells the client (but for RFC
   * 3203, which nobody speaks): it uses the address until it asks to renew the lease, and has the
   * address again then if nobody else has got it meanwhile.
   *
   * @param address the address
   * @return completed on the loop once that is on disk: true; or false if nobody has the address;
   *     or with the reason why it cannot be stored
   */
  public CompletionStage<Boolean> release(Address address) {
    keeper.endDue();
    Lease lease = table.at(address);
    if (lease == null || !lease.bound(clock.millis())) {
      return CompletableFuture.completedFuture(false);
    }
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    keeper.giveBack(lease, done);
    log.log(
        Level.INFO,
        "lease-released",
        line -> lease.describe(line.with("network", terms.network()).with("by", "operator")));
    return done;
  }

  /**
   * Has addresses looked for before they are given to a client that did not have them last, for as
   * long as the configuration says.
   *
   * @param conflictProbe how
   */
  public void probeWith(ConflictProbe conflictProbe) {
    check.probeWith(conflictProbe);
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
   * The clock of the leases' times.
   *
   * @return the clock
   */
  public LeaseClock clock() {
    return clock;
  }

  /**
   * The server's counters.
   *
   * @return the counters
   */
  public Counters<DhcpCount> counters() {
    return counters;
  }

  /**
   * Why clients get no lease at present, and what to do about it.
   *
   * @return a sentence; empty if all is well
   */
  public String problem() {
    String storage = journal.problem();
    return storage.isEmpty() ? watch.problem() : storage;
  }

  /** Stops the server's timer. Stored leases stay. */
  public void close() {
    keeper.close();
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node =
        DumpNode.of("dhcp")
            .with("subnet", terms.subnet())
            .with("pool", terms.ipv4().pool())
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
    Address client = request.ciaddr.isAny() ? from.address() : request.ciaddr;
    if (!terms.subnet().isHost(client)) {
      counters.count(DhcpCount.NOT_OURS);
      return;
    }
    sender.send(DhcpCount.ACK, request, from, replies.inform(link.allocator(), request), client);
  }
}
