package io.lanyard.dhcp;

import java.util.function.Consumer;

/**
 * Finds out whether somebody uses an address that the server never gave to anyone (RFC 2131 section
 * 3.1 item 2), by ARP or an ICMP echo.
 *
 * <p>Thread: the network's loop only.
 */
@FunctionalInterface
public interface ConflictProbe {
  /**
   * Looks for a host that uses an address.
   *
   * @param address the IPv4 address as a big-endian int
   * @param inUse told once, on the loop, within a second or so, whether somebody answered
   */
  void probe(int address, Consumer<Boolean> inUse);
}
