package io.lanyard.nat.gateway;

import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Icmpv6;

/** Why a packet went no further, whatever its family; each family has its own numbers for it. */
public enum IcmpReason {
  /** There is no way to the destination's network. */
  NO_ROUTE(Icmp.UNREACHABLE, Icmp.NET_UNREACHABLE, Icmpv6.UNREACHABLE, 0),
  /** Nobody answers at the destination. */
  HOST_UNREACHABLE(Icmp.UNREACHABLE, Icmp.HOST_UNREACHABLE, Icmpv6.UNREACHABLE, 3),
  /** The protocol is not carried. */
  PROTOCOL_UNREACHABLE(Icmp.UNREACHABLE, Icmp.PROTOCOL_UNREACHABLE, Icmpv6.PARAMETER_PROBLEM, 1),
  /** Nobody listens on the port. */
  PORT_UNREACHABLE(Icmp.UNREACHABLE, Icmp.PORT_UNREACHABLE, Icmpv6.UNREACHABLE, 4),
  /** The packet is larger than a link on its way takes; the error's information is that MTU. */
  TOO_LARGE(Icmp.UNREACHABLE, Icmp.FRAGMENTATION_NEEDED, Icmpv6.PACKET_TOO_BIG, 0),
  /** A rule forbids it (RFC 1812 section 5.2.7.1). */
  PROHIBITED(Icmp.UNREACHABLE, Icmp.ADMIN_PROHIBITED, Icmpv6.UNREACHABLE, 1),
  /** Its source means nothing beyond the link, and its destination is there (RFC 4443). */
  BEYOND_SCOPE(Icmp.UNREACHABLE, Icmp.HOST_UNREACHABLE, Icmpv6.UNREACHABLE, 2),
  /** It has crossed as many routers as it may. */
  HOPS_EXCEEDED(Icmp.TIME_EXCEEDED, 0, Icmpv6.TIME_EXCEEDED, 0),
  /** Not all of its fragments came in time. */
  REASSEMBLY_EXPIRED(Icmp.TIME_EXCEEDED, 1, Icmpv6.TIME_EXCEEDED, 1);

  private final int type4;
  private final int code4;
  private final int type6;
  private final int code6;

  IcmpReason(int type4, int code4, int type6, int code6) {
    this.type4 = type4;
    this.code4 = code4;
    this.type6 = type6;
    this.code6 = code6;
  }

  int type(boolean ipv4) {
    return ipv4 ? type4 : type6;
  }

  int code(boolean ipv4) {
    return ipv4 ? code4 : code6;
  }
}
