package io.lanyard.nat.gateway;

import io.lanyard.config.Dhcpv6Mode;
import io.lanyard.net.Address;
import java.util.List;

/**
 * The content of the gateway's router advertisements besides the network's prefix and MTU.
 *
 * @param router whether guests reach the world through the gateway
 * @param dnsServers the name servers: the gateway or others; none where nobody answers
 * @param domains where guests look for names without dots, in this order
 * @param dhcp the network's DHCPv6: guests make addresses of their own unless it gives them theirs
 */
public record Advertised(
    boolean router, List<Address> dnsServers, List<String> domains, Dhcpv6Mode dhcp) {
  /** Nothing at all. */
  public static final Advertised NOTHING =
      new Advertised(false, List.of(), List.of(), Dhcpv6Mode.OFF);

  /** Copies the lists. */
  public Advertised {
    dnsServers = List.copyOf(dnsServers);
    domains = List.copyOf(domains);
  }

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
