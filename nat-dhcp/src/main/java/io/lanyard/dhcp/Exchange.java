package io.lanyard.dhcp;

import io.lanyard.base.Clock;
import io.lanyard.base.Counters;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.dhcp.Lease.State;
import io.lanyard.nat.gateway.DatagramService.DatagramPeer;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBufAllocator;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * Gives addresses to clients: DISCOVER and REQUEST (RFC 2131 sections 4.3.1 and 4.3.2).
 *
 * <p>Thread: the network's loop only.
 */
final class Exchange {
  /** Addresses found in use before the server lets the client ask again. */
  private static final int MAX_CONFLICTS = 3;

  private final String network;
  private final DhcpTerms terms;
  private final ByteBufAllocator allocator;
  private final LeaseTable table;
  private final LeaseKeeper keeper;
  private final LeaseClock clock;
  private final ConflictCheck check;
  private final AddressCheck addresses;
  private final Binder binder;
  private final Reclaim reclaim;
  private final PoolWatch watch;
  private final DhcpReply replies;
  private final ReplySender sender;
  private final Counters<DhcpCount> counters;
  private final RateLimitedLog log;

  Exchange(
      ServerParts parts,
      Clock hostClock,
      ByteBufAllocator allocator,
      PoolWatch watch,
      DhcpReply replies,
      ReplySender sender) {
    this.network = parts.network();
    this.terms = parts.terms();
    this.allocator = allocator;
    this.table = parts.table();
    this.keeper = parts.keeper();
    this.clock = parts.clock();
    this.check = parts.check();
    this.addresses = new AddressCheck(parts);
    this.binder = new Binder(parts, watch);
    this.reclaim = new Reclaim(parts, hostClock);
    this.watch = watch;
    this.replies = replies;
    this.sender = sender;
    this.counters = parts.counters();
    this.log = parts.log();
  }

  // DISCOVER: RFC 2131 section 4.3.1

  /** Chooses an address, keeps it for the client, and offers it. */
  void offer(DhcpMessage request, DatagramPeer from) {
    offer(request, from, MAX_CONFLICTS);
  }

  private void offer(DhcpMessage request, DatagramPeer from, int tries) {
    Address address = choose(request);
    if (address == null
        && (keeper.withdrawOfferFor(request.port) || keeper.withdrawOffer(request.port))) {
      address = choose(request);
    }
    if (address == null || !binder.admits(request, address)) {
      boolean exhausted = address == null;
      reclaim.insteadOfRefusing(
          request,
          left -> sendOffer(request, from, left),
          () -> watch.refused(request.port, exhausted));
      return;
    }
    Address chosen = address;
    addresses.whenFree(
        request,
        chosen,
        () -> sendOffer(request, from, chosen),
        () -> {
          if (tries > 1) {
            offer(request, from, tries - 1);
          }
        });
  }

  private @Nullable Address choose(DhcpMessage request) {
    Address address = table.choose(request, request.requested(), now());
    return address == null && check.on() ? table.lastResort() : address;
  }

  private void sendOffer(DhcpMessage request, DatagramPeer from, Address address) {
    Lease lease = table.at(address);
    if (lease == null
        || !lease.bound(now())
        || !lease.client().equals(request.client)
        || !table.mayTake(request, lease)) {
      // Perhaps somebody took it while it was probed, or it gave way to another offer of the port.
      if (!table.canHave(address, request, now())) {
        return;
      }
      if (!binder.admits(request, address)) {
        watch.limited(request.port);
        return;
      }
      lease = keeper.hold(request, address);
    }
    sendLease(request, from, MessageType.OFFER, lease, seconds(request));
  }

  // REQUEST: RFC 2131 section 4.3.2

  /** Confirms or refuses the address that a client asks for. */
  void request(DhcpMessage request, DatagramPeer from) {
    Address requested = request.requested();
    if (request.has(DhcpOption.SERVER_ID)) {
      selecting(request, from, requested);
    } else if (!requested.isAny()) {
      confirm(request, from, requested); // INIT-REBOOT
    } else if (!request.ciaddr.isAny()) {
      confirm(request, from, request.ciaddr); // RENEWING, REBINDING
    } else {
      counters.count(DhcpCount.MALFORMED);
    }
  }

  private void selecting(DhcpMessage request, DatagramPeer from, Address requested) {
    if (!request.names(terms.server())) {
      counters.count(DhcpCount.NOT_OURS);
      Lease held = table.of(request.client, request.port);
      if (held != null && held.state() == State.OFFERED) {
        keeper.put(
            held.in(State.RELEASED, now())); // It took another server's offer: section 3.1 item 4.
      }
      return;
    }
    Address address = requested.isAny() ? request.ciaddr : requested;
    if (table.canHave(address, request, now())) {
      acknowledge(request, from, address);
    } else {
      refuse(request, from, "address not available");
    }
  }

  /** A client that remembers an address asks whether it may use it, or use it for longer. */
  private void confirm(DhcpMessage request, DatagramPeer from, Address address) {
    if (!terms.subnet().isHost(address)) {
      refuse(request, from, "wrong network");
      return;
    }
    Lease last = table.of(request.client, request.port);
    if (last != null && last.state() == State.DECLINED) {
      last = null;
    }
    if (last == null && !terms.dhcp().authoritative()) {
      counters.count(DhcpCount.UNKNOWN_CLIENT); // "MUST remain silent"
      return;
    }
    boolean own = last != null && last.address().equals(address);
    boolean elsewhere = last != null && !own && last.bound(now());
    if (!elsewhere
        && (own || terms.dhcp().authoritative())
        && table.canHave(address, request, now())) {
      acknowledge(request, from, address);
    } else {
      refuse(request, from, "address not available");
      if (last != null
          && own
          && last.bound(now())
          && !table.permits(address, request.mac)
          && mayHear(request)
          && keeper.mayWrite(request.budget)) {
        keeper.giveBack(last); // The configuration has another use for it, or none.
      }
    }
  }

  private void acknowledge(DhcpMessage request, DatagramPeer from, Address address) {
    if (!binder.admits(request, address)) {
      watch.limited(request.port);
      refuse(request, from, "too many leases");
      return;
    }
    addresses.whenFree(
        request,
        address,
        () -> store(request, from, address),
        () -> refuse(request, from, "address in use"));
  }

  /** Stores the lease, and sends the ACK once it is on disk. */
  private void store(DhcpMessage request, DatagramPeer from, Address address) {
    binder.bind(
        request,
        address,
        seconds(request),
        new Binder.Outcome() {
          @Override
          public void bound(Lease lease, int seconds) {
            sendLease(request, from, MessageType.ACK, lease, seconds);
          }

          @Override
          public void refused(String why) {
            refuse(request, from, why);
          }
        });
  }

  private void sendLease(
      DhcpMessage request, DatagramPeer from, MessageType type, Lease lease, int seconds) {
    sender.send(
        type == MessageType.OFFER ? DhcpCount.OFFER : DhcpCount.ACK,
        request,
        from,
        replies.lease(allocator, request, type, lease, seconds),
        lease.address());
  }

  private void refuse(DhcpMessage request, DatagramPeer from, String why) {
    if (!mayHear(request)) {
      counters.count(DhcpCount.IMPOSTOR);
      return;
    }
    log.log(
        Level.INFO,
        "dhcp-request-refused",
        request.port,
        line ->
            line.with("network", network)
                .with("mac", Ethernet.format(request.mac))
                .with("requested", request.requested())
                .with("ciaddr", request.ciaddr)
                .with("cause", why));
    sender.refuse(request, from, replies.nak(allocator, request, why));
  }

  /**
   * Whether a refusal is for the client that asked. It would hear one that was asked for in its
   * name, where another guest is behind the same port.
   */
  private boolean mayHear(DhcpMessage request) {
    return request.fromItsClient() && !table.isElsewhere(request, now());
  }

  // What both have in common

  /** The lease time in seconds, unsigned: what the client asks for, within bounds. */
  private int seconds(DhcpMessage request) {
    if (!request.has(DhcpOption.LEASE_TIME)) {
      return (int) terms.dhcp().leaseTime().toSeconds();
    }
    long asked = request.intOption(DhcpOption.LEASE_TIME) & 0xffff_ffffL;
    return (int)
        Math.clamp(
            asked,
            terms.dhcp().minLeaseTime().toSeconds(),
            terms.dhcp().maxLeaseTime().toSeconds());
  }

  private long now() {
    return clock.millis();
  }
}
