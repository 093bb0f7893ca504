package io.lanyard.nat.station;

import io.lanyard.base.ArrivalList;
import io.lanyard.nat.flow.FlowAccount;
import io.lanyard.net.MacAddress;
import org.jspecify.annotations.Nullable;

/**
 * A host on a network, as the network knows it: a MAC address behind a port, and what it uses of
 * the port's budget.
 *
 * <p>Thread: the network's loop only.
 */
public final class Station extends ArrivalList.Member<Station> {
  /** Enough for a traceroute or a port scan of one's own (RFC 1812 section 4.3.2.8). */
  private static final long ICMP_ERROR_NANOS = 5_000_000L;

  private static final int ICMP_ERRORS = 100;

  private final PortBudget budget;
  private final long mac;
  private final FlowAccount flows;
  private final EventRate icmpErrors = new EventRate(ICMP_ERROR_NANOS, ICMP_ERRORS);
  private int fragmented;

  /** The neighbour that the station last sent as: nearly always the one of the next packet. */
  @Nullable Neighbour latest;

  /** Whether a frame came from it since the table last looked for a place. */
  boolean heard;

  private boolean released;

  Station(PortBudget budget, long mac) {
    this.budget = budget;
    this.mac = mac;
    flows = new FlowAccount(budget.flows());
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
   * The station's flows.
   *
   * @return the account, which belongs to that of the port
   */
  public FlowAccount flows() {
    return flows;
  }

  /**
   * The rate at which the station is told of errors.
   *
   * @return the live object
   */
  public EventRate icmpErrors() {
    return icmpErrors;
  }

  /**
   * The number of the station's datagrams of which not all fragments have come.
   *
   * @return datagrams
   */
  public int fragmented() {
    return fragmented;
  }

  /**
   * Counts datagrams of which not all fragments have come, here and for the port.
   *
   * @param change 1 for one more, -1 for one less
   */
  public void countFragmented(int change) {
    fragmented += change;
    budget.countFragmented(change);
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
    latest = null;
  }

  @Override
  public String toString() {
    return (mac == 0 ? "anonymous" : new MacAddress(mac).toString()) + " on " + budget.name();
  }
}
