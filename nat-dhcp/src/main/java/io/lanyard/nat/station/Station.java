package io.lanyard.nat.station;

import io.lanyard.vswitch.frame.Ethernet;
import org.jspecify.annotations.Nullable;

/**
 * A host on a network, as the network knows it: a MAC address behind a port.
 *
 * <p>Thread: the network's loop only.
 */
public final class Station {
  private final PortBudget budget;
  private final long mac;

  // The budget's list.
  @Nullable Station older;
  @Nullable Station newer;

  /** Whether a frame came from it since the table last looked for a place. */
  boolean heard;

  private boolean released;

  Station(PortBudget budget, long mac) {
    this.budget = budget;
    this.mac = mac;
  }

  /**
   * The budget of the port that the station is behind.
   *
   * @return the budget, the same for the station's whole life
   */
  public PortBudget budget() {
    return budget;
  }

  /**
   * The station's MAC address.
   *
   * @return the address in the low 48 bits; 0 for a port's anonymous station
   */
  public long mac() {
    return mac;
  }

  /**
   * Whether the table has given the station up.
   *
   * @return true once the station or its port has been released
   */
  public boolean released() {
    return released;
  }

  void release() {
    released = true;
  }

  @Override
  public String toString() {
    return (mac == 0 ? "anonymous" : Ethernet.format(mac)) + " on " + budget.name();
  }
}
