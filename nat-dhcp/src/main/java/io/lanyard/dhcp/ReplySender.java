package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.nat.gateway.DatagramService.DatagramPeer;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;

/**
 * Sends a reply the way that RFC 2131 section 4.1 says, out of the port that the request came in by
 * and no other: whatever a client says of itself, its replies disturb nobody else.
 *
 * <p>Thread: the network's loop only.
 */
final class ReplySender {
  private static final int CLIENT_PORT = 68;

  private final Counters<DhcpCount> counters;

  ReplySender(Counters<DhcpCount> counters) {
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
   * Sends a refusal, as a broadcast, since the client may have no address that is good here.
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
    counters.count(as);
    from.answer(reply, Ethernet.BROADCAST, Address.BROADCAST_IPV4, CLIENT_PORT);
  }
}
