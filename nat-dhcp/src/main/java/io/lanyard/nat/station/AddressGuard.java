package io.lanyard.nat.station;

import io.lanyard.net.Address;

/**
 * Whose an address is, where that is known by other means than by what stations claim: a lease, a
 * reservation, the configuration.
 *
 * <p>Thread: the network's loop only.
 */
@FunctionalInterface
public interface AddressGuard {
  /** Knows nothing, so that an address is anybody's while its holder is silent. */
  AddressGuard NONE = (address, station) -> true;

  /**
   * Whether a station may have an address. Asked when the station first shows or claims it, and of
   * both when a station behind another port does; not for each packet of its holder.
   *
   * @param address an address of the network that may be a guest's
   * @param station who claims it
   * @return false if the address is known to be another's
   */
  boolean permits(Address address, Station station);
}
