package io.lanyard.nat.station;

/**
 * Hears of ports and stations that leave, to give back what they hold.
 *
 * <p>Thread: the network's loop only. No method throws.
 */
public interface StationListener {
  /**
   * Hears that a station is gone. It happens before {@link #portReleased} for each station of a
   * port that goes.
   *
   * @param station the station, {@link Station#released} already
   */
  default void stationReleased(Station station) {}

  /**
   * Hears that a port is gone.
   *
   * @param budget the port's budget, {@link PortBudget#released} already
   */
  default void portReleased(PortBudget budget) {}
}
