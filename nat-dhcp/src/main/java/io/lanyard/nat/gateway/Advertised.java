package io.lanyard.nat.gateway;

import io.lanyard.config.Dhcpv6Mode;

/**
 * The content of the gateway's router advertisements besides the network's prefix and MTU.
 *
 * @param router whether guests reach the world through the gateway
 * @param dns whether the gateway answers DNS
 * @param domain where guests look for names without dots; empty for none
 * @param dhcp the network's DHCPv6: guests make addresses of their own unless it gives them theirs
 */
public record Advertised(boolean router, boolean dns, String domain, Dhcpv6Mode dhcp) {
  /** Nothing at all. */
  public static final Advertised NOTHING = new Advertised(false, false, "", Dhcpv6Mode.OFF);

  /** RFC 4861 section 4.2: M, and O, which M makes redundant but which some clients go by. */
  int flags() {
    return switch (dhcp) {
      case OFF -> 0;
      case STATELESS -> 0x40;
      case STATEFUL -> 0xc0;
    };
  }

  /** RFC 4861 section 4.6.2: L, and A where guests make addresses of the prefix. */
  int prefixFlags() {
    return dhcp == Dhcpv6Mode.STATEFUL ? 0x80 : 0xc0;
  }
}
