package io.lanyard.vswitch;

/** Hears of a port's state. */
@FunctionalInterface
public interface PortListener {
  /**
   * Hears that a port's state has changed. On the network's loop.
   *
   * @param port the port
   * @param before its state before
   * @param now its state now
   */
  void stateChanged(Port port, PortState before, PortState now);
}
