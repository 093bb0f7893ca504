package io.lanyard.nat.gateway;

import io.lanyard.nat.station.Station;

/**
 * Hears what becomes of a probe for an address.
 *
 * <p>Thread: the network's loop only, never within the call that sent the probe.
 */
public interface ProbeListener {
  /**
   * A host has said that it has the address.
   *
   * @param mac the MAC address that it gives, in the low 48 bits
   * @param from the station that sent the frame
   * @return true if that settles it: nothing more is told; false to wait for others
   */
  boolean answered(long mac, Station from);

  /**
   * The wait is over and nothing has settled it. Answers are told for a second from the probe on.
   */
  void silent();
}
