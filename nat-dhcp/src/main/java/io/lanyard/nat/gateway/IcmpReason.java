package io.lanyard.nat.gateway;

import io.lanyard.vswitch.frame.Icmp;

/** Why a packet went no further, whatever its family; each family has its own numbers for it. */
public enum IcmpReason {
  /** There is no way to the destination's network. */
  NO_ROUTE(Icmp.UNREACHABLE, Icmp.NET_UNREACHABLE),
  /** Nobody answers at the destination. */
  HOST_UNREACHABLE(Icmp.UNREACHABLE, Icmp.HOST_UNREACHABLE),
  /** The protocol is not carried. */
  PROTOCOL_UNREACHABLE(Icmp.UNREACHABLE, Icmp.PROTOCOL_UNREACHABLE),
  /** Nobody listens on the port. */
  PORT_UNREACHABLE(Icmp.UNREACHABLE, Icmp.PORT_UNREACHABLE),
  /** The packet is larger than a link on its way takes; the error's information is that MTU. */
  TOO_LARGE(Icmp.UNREACHABLE, Icmp.FRAGMENTATION_NEEDED),
  /** A rule forbids it (RFC 1812 section 5.2.7.1). */
  PROHIBITED(Icmp.UNREACHABLE, Icmp.ADMIN_PROHIBITED),
  /** It has crossed as many routers as it may. */
  HOPS_EXCEEDED(Icmp.TIME_EXCEEDED, 0),
  /** Not all of its fragments came in time. */
  REASSEMBLY_EXPIRED(Icmp.TIME_EXCEEDED, 1);

  final int type4;
  final int code4;

  IcmpReason(int type4, int code4) {
    this.type4 = type4;
    this.code4 = code4;
  }
}
