package io.lanyard.dhcp;

/**
 * Knows which MAC addresses are behind which port of the network.
 *
 * <p>Thread: the network's loop only.
 */
@FunctionalInterface
public interface StationLocator {
  /**
   * Whether a MAC address belongs to another port than one: it is pinned there, kept for a port
   * that is still to come, or was heard there lately.
   *
   * @param mac the address in the low 48 bits
   * @param port the name of the one port
   * @return false also if the address is not known
   */
  boolean isElsewhere(long mac, String port);
}
