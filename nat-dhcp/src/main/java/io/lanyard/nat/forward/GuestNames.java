package io.lanyard.nat.forward;

import io.lanyard.net.Address;
import org.jspecify.annotations.Nullable;

/**
 * Finds guests by name, as leases and reservations have them.
 *
 * <p>Thread: the network's loop only.
 */
@FunctionalInterface
public interface GuestNames {
  /**
   * Looks a guest up.
   *
   * @param hostname a hostname without domain
   * @return its address; null when no guest has that name now
   */
  @Nullable Address addressOf(String hostname);
}
