package io.lanyard.nat.gateway;

import io.lanyard.net.Address;
import org.jspecify.annotations.Nullable;

/**
 * An error about a packet of a guest, as ICMP reports it: the gateway's own, or one that the host
 * heard from beyond.
 *
 * @param router who reports it, as guests see it, of the packet's family; null for the gateway
 * @param type the ICMP type of the packet's family
 * @param code its code
 * @param information the second word of the ICMP header: an MTU, in IPv6 the place of what is
 *     wrong, else 0
 */
public record IcmpReport(@Nullable Address router, int type, int code, int information) {
  /**
   * An error of the gateway's.
   *
   * @param reason why the packet went no further
   * @param guest whom it is for: its family has the numbers
   * @return the report
   */
  public static IcmpReport of(IcmpReason reason, Address guest) {
    return of(reason, guest.isIpv4(), 0);
  }

  /**
   * The gateway's report of a packet that is too large.
   *
   * @param mtu what would have fitted; 0 if that is not known
   * @param guest whom it is for
   * @return the report
   */
  public static IcmpReport tooLarge(int mtu, Address guest) {
    return of(IcmpReason.TOO_LARGE, guest.isIpv4(), mtu);
  }

  /**
   * Whether a type is of the errors that are passed on to guests: that the destination is out of
   * reach, or that the packet crossed too many routers.
   *
   * @param type an ICMP type that the host has heard
   * @param guest whom it is for: its family has the numbers
   * @return false for all others; of packets that are too large the socket tells otherwise
   */
  public static boolean tellsOfTheWay(int type, Address guest) {
    boolean ipv4 = guest.isIpv4();
    return type == IcmpReason.NO_ROUTE.type(ipv4) || type == IcmpReason.HOPS_EXCEEDED.type(ipv4);
  }

  static IcmpReport of(IcmpReason reason, boolean ipv4, int information) {
    return new IcmpReport(null, reason.type(ipv4), reason.code(ipv4), information);
  }
}
