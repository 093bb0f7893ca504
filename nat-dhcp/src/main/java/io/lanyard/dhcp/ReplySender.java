package io.lanyard.dhcp;

import io.lanyard.nat.gateway.DatagramService.DatagramPeer;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;

/** Sends a reply the way that RFC 2131 section 4.1 says. */
final class ReplySender {
  private static final int CLIENT_PORT = 68;

  private ReplySender() {}

  /**
   * Sends an offer or an acknowledgement.
   *
   * @param reply released
   * @param address the address that the client is given, or has
   */
  static void send(DhcpMessage request, DatagramPeer from, ByteBuf reply, Address address) {
    if (request.relayed()) {
      from.answer(reply, from.mac(), request.giaddr, DhcpServer.SERVER_PORT);
    } else if (!request.ciaddr.isAny()) {
      from.answer(reply, request.mac, request.ciaddr, CLIENT_PORT);
    } else if (request.broadcast()) {
      from.answer(reply, Ethernet.BROADCAST, Address.BROADCAST_IPV4, CLIENT_PORT);
    } else {
      from.answer(reply, request.mac, address, CLIENT_PORT);
    }
  }

  /**
   * Sends a refusal: to everybody, since the client may have no address that is good here.
   *
   * @param nak released
   */
  static void refuse(DhcpMessage request, DatagramPeer from, ByteBuf nak) {
    if (request.relayed()) {
      from.answer(nak, from.mac(), request.giaddr, DhcpServer.SERVER_PORT);
    } else {
      from.answer(nak, Ethernet.BROADCAST, Address.BROADCAST_IPV4, CLIENT_PORT);
    }
  }
}
