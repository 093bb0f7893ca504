package io.lanyard.nat.forward;

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
   * @return its IPv4 address as a big-endian int; 0 when no guest has that name now
   */
  int addressOf(String hostname);
}
