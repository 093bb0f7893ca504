package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.dhcp.Lease.State;
import io.lanyard.nat.gateway.DatagramService;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.netty.buffer.ByteBuf;
import java.lang.System.Logger.Level;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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

  /** Addresses found in use before the server lets the client ask again. */
  private static final int MAX_CONFLICTS = 3;

  /**
   * How much later the end of a lease must be for a renewal to be worth a write. Clients renew
   * after half of the lease; one that does so all the time would keep the disk busy.
   */
  private static final long WORTH_WRITING_MILLIS = 10_000;

  private static final System.Logger LOG = System.getLogger(DhcpServer.class.getName());

  private final String network;
  private final DhcpSettings settings;
  private final GuestLink link;
  private final LeaseClock clock;
  private final LeaseJournal journal;
  private final LeaseTable table;
  private final LeaseKeeper keeper;
  private final DhcpReply replies;
  private final Counters<DhcpCount> counters = new Counters<>(DhcpCount.class);
  private final RateLimitedLog log;
  private final ConflictCheck check;
  private final Twins twins;
  private final PoolWatch watch;

  /**
   * Starts a server with the leases that are stored.
   *
   * @param network the network's name, for the log
   * @param settings what it offers
   * @param link the network
   * @param journal where its leases are kept
   */
  public DhcpServer(String network, DhcpSettings settings, GuestLink link, LeaseJournal journal) {
    this.network = network;
    this.settings = settings;
    this.link = link;
    this.clock = journal.clock();
    this.replies = new DhcpReply(settings);
    this.log = new RateLimitedLog(LOG, link.timers().clock());
    this.table = new LeaseTable(settings);
    this.check = new ConflictCheck(counters);
    this.twins = new Twins(network, table, check, counters, log);
    this.watch = new PoolWatch(network, settings, table, counters, log);
    this.journal = journal;
    this.keeper =
        new LeaseKeeper(
            network, settings, table, journal, link.timers(), counters, log, watch::changed);
  }

  /**
   * Has addresses looked for before they are given to a client that did not have them last.
   *
   * @param conflictProbe how
   */
  public void probeWith(ConflictProbe conflictProbe) {
    check.probeWith(conflictProbe);
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
            .with("subnet", settings.subnet())
            .with(
                "range",
                Ipv4.format(settings.rangeStart()) + "-" + Ipv4.format(settings.rangeEnd()))
            .with("lease-time", settings.leaseTime().toSeconds() + "s")
            .with("leases", table.leases().size())
            .with("available", table.available());
    return counters.addTo(node).build();
  }

  @Override
  public void receive(ByteBuf payload, DatagramPeer from) {
    DhcpMessage request = DhcpMessage.parse(payload);
    if (request == null) {
      counters.count(DhcpCount.MALFORMED);
      return;
    }
    if (request.malformedOptions()) {
      counters.count(DhcpCount.BAD_OPTIONS);
    }
    // RFC 2131 section 4.3.1: the relay's address says which subnet the client is in.
    if (request.giaddr != 0 && !settings.subnet().isHost(request.giaddr)) {
      counters.count(DhcpCount.NOT_OURS);
      return;
    }
    keeper.endDue();
    switch (request.type) {
      case DISCOVER -> {
        counters.count(DhcpCount.DISCOVER);
        twins.identify(request, now(), () -> offer(request, from, MAX_CONFLICTS));
      }
      case REQUEST -> {
        counters.count(DhcpCount.REQUEST);
        twins.identify(request, now(), () -> request(request, from));
      }
      case DECLINE -> decline(request);
      case RELEASE -> release(request);
      case INFORM -> inform(request, from);
      case OFFER, ACK, NAK -> counters.count(DhcpCount.UNEXPECTED_TYPE);
    }
  }

  // DISCOVER: RFC 2131 section 4.3.1

  private void offer(DhcpMessage request, DatagramPeer from, int tries) {
    int requested = request.intOption(DhcpOption.REQUESTED_ADDRESS);
    int address = table.choose(request.client, request.mac, requested, now());
    if (address == 0 && check.on()) {
      address = table.lastResort();
    }
    if (address == 0) {
      watch.exhausted();
      return;
    }
    int chosen = address;
    whenFree(
        request,
        chosen,
        () -> sendOffer(request, from, chosen),
        () -> {
          if (tries > 1) {
            offer(request, from, tries - 1);
          }
        });
  }

  /**
   * Goes on with a request for an address that nobody else uses: at once if the client has had it
   * last, or else after a look.
   */
  private void whenFree(DhcpMessage request, int address, Runnable free, Runnable inUse) {
    long now = now();
    if (!check.on()
        || (!check.waits(address) && table.familiar(address, request.client, request.mac, now))) {
      free.run();
      return;
    }
    if (!check.hasRoom()) {
      return;
    }
    keeper.hold(request, address); // Nobody else is to be given it meanwhile.
    check.check(
        address,
        request.mac,
        new ConflictCheck.Verdict() {
          @Override
          public void free() {
            free.run();
          }

          @Override
          public void inUse(long mac, boolean late) {
            Lease lease = table.at(address);
            if (late && lease != null && lease.bound(now())) {
              return; // Too late: it is the client now who has to notice (section 4.4.1).
            }
            // Its client, and nobody else, is the station that has it already.
            keeper.quarantine(address, ClientId.ofMac(mac), mac, "probe");
            if (!late) {
              inUse.run();
            }
          }
        });
  }

  private void sendOffer(DhcpMessage request, DatagramPeer from, int address) {
    Lease lease = table.at(address);
    if (lease == null || !lease.client().equals(request.client) || !lease.active(now())) {
      if (!table.canHave(address, request.client, request.mac, now())) {
        return; // Somebody took it while it was probed.
      }
      lease = keeper.hold(request, address);
    }
    counters.count(DhcpCount.OFFER);
    sendLease(request, from, MessageType.OFFER, lease, seconds(request));
  }

  // REQUEST: RFC 2131 section 4.3.2

  private void request(DhcpMessage request, DatagramPeer from) {
    int requested = request.intOption(DhcpOption.REQUESTED_ADDRESS);
    if (request.has(DhcpOption.SERVER_ID)) {
      selecting(request, from, requested);
    } else if (requested != 0) {
      confirm(request, from, requested); // INIT-REBOOT
    } else if (request.ciaddr != 0) {
      confirm(request, from, request.ciaddr); // RENEWING, REBINDING
    } else {
      counters.count(DhcpCount.MALFORMED);
    }
  }

  private void selecting(DhcpMessage request, DatagramPeer from, int requested) {
    Lease held = table.of(request.client);
    if (request.intOption(DhcpOption.SERVER_ID) != settings.server()) {
      counters.count(DhcpCount.NOT_OURS);
      if (held != null && held.state() == State.OFFERED) {
        keeper.put(
            held.in(State.RELEASED, now())); // It took another server's offer: section 3.1 item 4.
      }
      return;
    }
    int address = requested != 0 ? requested : request.ciaddr;
    if (address != 0 && table.canHave(address, request.client, request.mac, now())) {
      acknowledge(request, from, address);
    } else {
      refuse(request, from, "address not available");
    }
  }

  /** A client that remembers an address asks whether it may use it, or use it for longer. */
  private void confirm(DhcpMessage request, DatagramPeer from, int address) {
    if (!settings.subnet().isHost(address)) {
      refuse(request, from, "wrong network");
      return;
    }
    Lease last = table.of(request.client);
    if (last != null && last.state() == State.DECLINED) {
      last = null;
    }
    if (last == null && !settings.authoritative()) {
      counters.count(DhcpCount.UNKNOWN_CLIENT); // "MUST remain silent"
      return;
    }
    boolean own = last != null && last.address() == address;
    boolean elsewhere = last != null && !own && last.bound(now());
    if (!elsewhere
        && (own || settings.authoritative())
        && table.canHave(address, request.client, request.mac, now())) {
      acknowledge(request, from, address);
    } else {
      refuse(request, from, "address not available");
    }
  }

  private void acknowledge(DhcpMessage request, DatagramPeer from, int address) {
    whenFree(
        request,
        address,
        () -> store(request, from, address),
        () -> refuse(request, from, "address in use"));
  }

  /** Stores the lease, and sends the ACK once it is on disk. */
  private void store(DhcpMessage request, DatagramPeer from, int address) {
    if (!table.canHave(address, request.client, request.mac, now())) {
      refuse(request, from, "address not available"); // Somebody took it while it was probed.
      return;
    }
    keeper.hold(request, address);
    long now = now();
    Lease before = table.at(address);
    boolean renewal = before != null && before.bound(now) && before.client().equals(request.client);
    int seconds = seconds(request);
    Lease lease =
        new Lease(
            address,
            request.client,
            request.mac,
            table.nameFor(request.mac, address, name(request, before)),
            renewal && before != null ? before.startMillis() : now,
            seconds == -1 ? Lease.NEVER : now + (seconds & 0xffff_ffffL) * 1000,
            State.BOUND);
    if (renewal && before != null && !keeper.writes(address) && storedAlready(before, lease)) {
      counters.count(DhcpCount.UNCHANGED);
      counters.count(DhcpCount.ACK);
      sendLease(
          request, from, MessageType.ACK, before, (int) ((before.expiryMillis() - now) / 1000));
      return;
    }
    keeper.write(lease, () -> bound(request, from, lease, seconds, !renewal));
  }

  /** Whether the disk has a lease that says the same but for a few seconds. */
  private static boolean storedAlready(Lease stored, Lease lease) {
    long later = lease.expiryMillis() - stored.expiryMillis();
    return lease.expiryMillis() != Lease.NEVER
        && later >= 0
        && later < WORTH_WRITING_MILLIS
        && stored.mac() == lease.mac()
        && Objects.equals(stored.hostname(), lease.hostname());
  }

  private void sendLease(
      DhcpMessage request, DatagramPeer from, MessageType type, Lease lease, int seconds) {
    ReplySender.send(
        request,
        from,
        replies.lease(link.allocator(), request, type, lease, seconds),
        lease.address());
  }

  /** A renewal does not always repeat the name. */
  private static @Nullable String name(DhcpMessage request, @Nullable Lease before) {
    String sent = ClientName.read(request);
    return sent == null && before != null ? before.hostname() : sent;
  }

  private void bound(
      DhcpMessage request, DatagramPeer from, Lease lease, int seconds, boolean fresh) {
    if (!table.canHave(lease.address(), lease.client(), lease.mac(), now())) {
      refuse(request, from, "address not available"); // Found in use while it was being written.
      return;
    }
    Lease other = table.of(lease.client());
    if (other != null && other.address() != lease.address() && other.bound(now())) {
      keeper.giveBack(other); // One address a client: section 1.6.
    }
    keeper.put(lease);
    if (fresh) {
      log.log(Level.INFO, "lease added", () -> "network=" + network + " " + lease);
    }
    counters.count(DhcpCount.ACK);
    Lease named = table.byAddress(lease.address()).orElse(lease);
    sendLease(request, from, MessageType.ACK, named, seconds);
  }

  private void refuse(DhcpMessage request, DatagramPeer from, String why) {
    counters.count(DhcpCount.NAK);
    log.log(
        Level.INFO,
        "request refused",
        () ->
            "network="
                + network
                + " mac="
                + Ethernet.format(request.mac)
                + " requested="
                + Ipv4.format(request.intOption(DhcpOption.REQUESTED_ADDRESS))
                + " ciaddr="
                + Ipv4.format(request.ciaddr)
                + " why=\""
                + why
                + "\"");
    ReplySender.refuse(request, from, replies.nak(link.allocator(), request, why));
  }

  // DECLINE, RELEASE, INFORM: RFC 2131 sections 4.3.3 to 4.3.5

  private void decline(DhcpMessage request) {
    counters.count(DhcpCount.DECLINE);
    int address = request.intOption(DhcpOption.REQUESTED_ADDRESS);
    Lease lease = table.at(address);
    if (!forUs(request) || lease == null || !holds(lease, request)) {
      counters.count(DhcpCount.UNKNOWN_CLIENT); // Only who was given an address may condemn it.
      return;
    }
    // No MAC address: the client found somebody there, and cannot be the one.
    keeper.quarantine(address, request.client, 0, "decline");
  }

  private void release(DhcpMessage request) {
    counters.count(DhcpCount.RELEASE);
    Lease lease = table.at(request.ciaddr);
    if (!forUs(request) || lease == null || !lease.bound(now()) || !holds(lease, request)) {
      counters.count(DhcpCount.UNKNOWN_CLIENT);
      return;
    }
    keeper.giveBack(lease);
    log.log(Level.INFO, "lease released", () -> "network=" + network + " " + lease);
  }

  private void inform(DhcpMessage request, DatagramPeer from) {
    counters.count(DhcpCount.INFORM);
    int client = request.ciaddr != 0 ? request.ciaddr : from.address();
    if (!settings.subnet().isHost(client)) {
      counters.count(DhcpCount.NOT_OURS);
      return;
    }
    counters.count(DhcpCount.ACK);
    ReplySender.send(request, from, replies.inform(link.allocator(), request), client);
  }

  private boolean forUs(DhcpMessage request) {
    return !request.has(DhcpOption.SERVER_ID)
        || request.intOption(DhcpOption.SERVER_ID) == settings.server();
  }

  private static boolean holds(Lease lease, DhcpMessage request) {
    return lease.client().equals(request.client)
        && lease.mac() == request.mac
        && lease.state() != State.RELEASED;
  }

  // What all have in common

  /** The lease time in seconds, unsigned: what the client asks for, within bounds. */
  private int seconds(DhcpMessage request) {
    if (!request.has(DhcpOption.LEASE_TIME)) {
      return (int) settings.leaseTime().toSeconds();
    }
    long asked = request.intOption(DhcpOption.LEASE_TIME) & 0xffff_ffffL;
    return (int)
        Math.clamp(asked, settings.minLeaseTime().toSeconds(), settings.maxLeaseTime().toSeconds());
  }

  private long now() {
    return clock.millis();
  }
}
