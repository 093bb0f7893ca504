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
 * @param information the second word of the ICMP header: an MTU, else 0
 */
public record IcmpReport(@Nullable Address router, int type, int code, int information) {
  /**
   * An error of the gateway's.
   *
   * @param reason why the packet went no further
   * @return the report
   */
  public static IcmpReport of(IcmpReason reason) {
    return new IcmpReport(null, reason.type4, reason.code4, 0);
  }

  /**
   * The gateway's report of a packet that is too large.
   *
   * @param mtu what would have fitted; 0 if that is not known
   * @return the report
   */
  public static IcmpReport tooLarge(int mtu) {
    return new IcmpReport(null, IcmpReason.TOO_LARGE.type4, IcmpReason.TOO_LARGE.code4, mtu);
  }
}
