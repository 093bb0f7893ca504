package io.lanyard.dhcp;

import io.lanyard.base.Clock;
import io.lanyard.base.Counters;
import io.lanyard.nat.gateway.DatagramService.DatagramPeer;
import io.lanyard.nat.station.Excess;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;

/**
 * Sends a reply the way that RFC 2131 section 4.1 says.
 *
 * <p>Every port hears a broadcast, and storm control spares the gateway, so each port has a limited
 * rate of replies that are broadcast. A client that misses one asks again. A reply to a MAC address
 * that the switch does not know goes to the port that the request came by.
 *
 * <p>Thread: the network's loop only.
 */
final class ReplySender {
  private static final int CLIENT_PORT = 68;

  private final Clock clock;
  private final Counters<DhcpCount> counters;

  ReplySender(Clock clock, Counters<DhcpCount> counters) {
    this.clock = clock;
    this.counters = counters;
  }

  /**
   * Sends an offer or an acknowledgement.
   *
   * @param as the counter of such replies
   * @param reply released
   * @param address the address that the client is given, or has
   */
  void send(DhcpCount as, DhcpMessage request, DatagramPeer from, ByteBuf reply, Address address) {
    if (request.relayed()) {
      toRelay(as, request, from, reply);
    } else if (!request.ciaddr.isAny()) {
      unicast(as, request, from, reply, request.ciaddr);
    } else if (request.broadcast()) {
      broadcast(as, from, reply);
    } else {
      unicast(as, request, from, reply, address);
    }
  }

  /**
   * Sends a reply to the station that sent the request, and not to the client that the request
   * names: that one may be behind a port which the sender must not reach.
   *
   * @param as the counter of such replies
   * @param reply released
   * @param address the client's
   */
  void sendBack(
      DhcpCount as, DhcpMessage request, DatagramPeer from, ByteBuf reply, Address address) {
    if (request.relayed()) {
      toRelay(as, request, from, reply);
    } else {
      counters.count(as);
      from.answer(reply, from.mac(), address, CLIENT_PORT);
    }
  }

  /**
   * Sends a refusal: to everybody, since the client may have no address that is good here.
   *
   * @param nak released
   */
  void refuse(DhcpMessage request, DatagramPeer from, ByteBuf nak) {
    if (request.relayed()) {
      toRelay(DhcpCount.NAK, request, from, nak);
    } else {
      broadcast(DhcpCount.NAK, from, nak);
    }
  }

  private void toRelay(DhcpCount as, DhcpMessage request, DatagramPeer from, ByteBuf reply) {
    counters.count(as);
    from.answer(reply, from.mac(), request.giaddr, DhcpServer.SERVER_PORT);
  }

  private void unicast(
      DhcpCount as, DhcpMessage request, DatagramPeer from, ByteBuf reply, Address address) {
    counters.count(as);
    from.answer(reply, request.mac, address, CLIENT_PORT);
  }

  private void broadcast(DhcpCount as, DatagramPeer from, ByteBuf reply) {
    if (mayFlood(from.station().budget())) {
      counters.count(as);
      from.answer(reply, Ethernet.BROADCAST, Address.BROADCAST_IPV4, CLIENT_PORT);
    } else {
      reply.release();
    }
  }

  /** Whether a port may cause one more reply that all ports hear; counts either way. */
  private boolean mayFlood(PortBudget budget) {
    long now = clock.nanoTime();
    if (!budget.broadcasts().permits(now)) {
      budget.count(Excess.BROADCASTS);
      counters.count(DhcpCount.BROADCAST_LIMIT);
      return false;
    }
    budget.broadcasts().use(now);
    return true;
  }
}
