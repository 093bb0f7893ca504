package io.lanyard.vswitch;

/**
 * Hears of a port's state.
 *
 * <p>Thread: the network's loop only.
 */
@FunctionalInterface
public interface PortListener {
  /**
   * Hears that a port's state has changed.
   *
   * @param port the port
   * @param before its state before
   * @param now its state now
   */
  void stateChanged(Port port, PortState before, PortState now);

  /**
   * Hears that somebody has given another MAC address to the device of a port.
   *
   * @param port the port
   */
  default void addressChanged(Port port) {}
}
