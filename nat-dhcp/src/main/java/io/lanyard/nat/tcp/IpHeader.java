package io.lanyard.nat.tcp;

import io.lanyard.nat.gateway.GuestLink;
import io.netty.buffer.ByteBuf;

/** The network layer of a connection's way to its guest. IPv6 will be another one. */
interface IpHeader {
  /** Length of the header in bytes. */
  int length();

  /** The virtio GSO type of a TCP super-frame over this network layer. */
  int gsoType();

  /** Writes the header of a packet that carries so many bytes of TCP. */
  void write(ByteBuf frame, int at, int tcpLength);

  /** The folded sum of the pseudo-header (RFC 9293 section 3.1), not complemented. */
  int pseudoSum(int tcpLength);

  /** Hands a complete frame to the link. */
  void send(GuestLink link, ByteBuf frame);
}
