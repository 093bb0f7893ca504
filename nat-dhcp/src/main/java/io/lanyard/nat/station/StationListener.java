package io.lanyard.nat.station;

/**
 * Hears of ports that leave, to give back what they hold.
 *
 * <p>Thread: the network's loop only. No method throws.
 */
@FunctionalInterface
public interface StationListener {
  /**
   * Hears that a port is gone.
   *
   * @param budget the port's budget, {@link PortBudget#released} already, and so are its stations;
   *     the table still knows their addresses
   */
  void portReleased(PortBudget budget);
}
