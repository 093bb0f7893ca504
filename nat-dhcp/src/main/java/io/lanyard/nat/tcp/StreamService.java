package io.lanyard.nat.tcp;

import io.lanyard.nat.station.Station;

/**
 * A service that the gateway itself offers over TCP: DNS.
 *
 * <p>Thread: the network's loop only.
 */
@FunctionalInterface
public interface StreamService {
  /**
   * Takes a connection.
   *
   * @param guest the guest's end; the service must call {@link GuestStream#connected} for the
   *     guest's SYN to be answered, now or later
   * @param station the station that connects; its {@link Station#budget} is the key of quotas
   * @param port the guest's port
   * @return the service's end, which the engine calls from now on
   */
  HostStream open(GuestStream guest, Station station, int port);
}
