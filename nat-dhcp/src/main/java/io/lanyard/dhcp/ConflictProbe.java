package io.lanyard.dhcp;

import io.lanyard.nat.gateway.ProbeListener;
import io.lanyard.net.Address;

/**
 * Finds out whether a host uses an address (RFC 2131 section 3.1 item 2).
 *
 * <p>Thread: the network's loop only.
 */
@FunctionalInterface
public interface ConflictProbe {
  /**
   * Asks the network for a host that uses an address.
   *
   * @param address the address
   * @param waitNanos how long nobody may answer for it to be taken for free
   * @param listener told of every answer, and when none has settled it in time
   */
  void probe(Address address, long waitNanos, ProbeListener listener);
}
