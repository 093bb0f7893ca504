package io.lanyard.nat.forward;

import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import org.jspecify.annotations.Nullable;

/**
 * Finds the addresses of guests that have them by a lease.
 *
 * <p>Thread: the network's loop only.
 */
@FunctionalInterface
public interface GuestAddresses {
  /**
   * Looks a guest up.
   *
   * @param nic the MAC address of its NIC on the network
   * @return its address; null when it has no lease now
   */
  @Nullable Address addressOf(MacAddress nic);
}
