package io.lanyard.nat.station;

import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.vswitch.Port;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The one table of a network's stations, by port and MAC address.
 *
 * <p>Thread: the network's loop only.
 */
@SuppressWarnings("ReferenceEquality") // a port is itself, whatever it may say to equals
public final class Stations implements Dumpable {
  /** More stations than a user-space network has; a guest that makes them up costs little. */
  public static final int LIMIT = 4096;

  /** A full table looks at so many of a port's oldest stations for one that is silent. */
  private static final int CANDIDATES = 16;

  private final int limit;
  private final LongPairMap<Station> stations;
  private final IdentityHashMap<Port, PortBudget> budgets = new IdentityHashMap<>();
  private final List<StationListener> listeners = new ArrayList<>();
  private @Nullable Port latestPort;
  private @Nullable PortBudget latestBudget;
  private int numbers;

  /**
   * Makes an empty table.
   *
   * @param limit the most stations
   * @param seed a random number that no guest knows
   */
  public Stations(int limit, long seed) {
    this.limit = limit;
    stations = new LongPairMap<>(seed);
  }

  /**
   * Adds a listener.
   *
   * @param listener hears of what leaves from now on
   */
  public void addListener(StationListener listener) {
    listeners.add(listener);
  }

  /**
   * The budget of a port. Made at its first frame.
   *
   * @param port the port that a frame came in by
   * @return its budget
   */
  public PortBudget budget(Port port) {
    PortBudget latest = latestBudget;
    if (latest != null && latestPort == port) {
      return latest;
    }
    PortBudget budget = budgets.get(port);
    if (budget == null) {
      budget = new PortBudget(++numbers, port.name());
      budgets.put(port, budget);
    }
    latestPort = port;
    latestBudget = budget;
    return budget;
  }

  /**
   * The station that has sent a frame. Made at its first one.
   *
   * @param budget the budget of the port that the frame came in by
   * @param mac the frame's source address
   * @return the station; the port's anonymous one where there is no place for another
   */
  public Station heard(PortBudget budget, long mac) {
    Station station = stations.get(budget.number, mac);
    if (station == null) {
      station = make(budget, mac);
    }
    station.heard = true;
    return station;
  }

  private Station make(PortBudget budget, long mac) {
    if (budget.released() || mac == 0 || (stations.size() >= limit && !makePlace(budget))) {
      budget.stationRefused();
      return budget.anonymous();
    }
    Station station = new Station(budget, mac);
    stations.put(budget.number, mac, station);
    budget.append(station);
    return station;
  }

  /** Takes a place from the port that has most; false if the asking port has as many itself. */
  private boolean makePlace(PortBudget asking) {
    PortBudget most = asking;
    for (PortBudget other : budgets.values()) {
      if (other.stations > most.stations) {
        most = other;
      }
    }
    Station victim = most.oldest;
    if (victim == null) {
      return false;
    }
    for (int i = 0; i < CANDIDATES && victim.heard; i++) {
      // It stays, and is looked at again after all others.
      victim.heard = false;
      most.unlink(victim);
      most.append(victim);
      victim = most.oldest;
      if (victim == null) {
        return false;
      }
    }
    most.stationEvicted();
    release(victim);
    return true;
  }

  private void release(Station station) {
    stations.remove(station.budget().number, station.mac());
    station.budget().unlink(station);
    station.release();
    for (StationListener listener : listeners) {
      listener.stationReleased(station);
    }
  }

  /**
   * Releases what a port holds: it was detached, or has lost its carrier. Nothing happens if it has
   * no budget.
   *
   * @param port the port
   */
  public void release(Port port) {
    PortBudget budget = budgets.remove(port);
    if (budget == null) {
      return;
    }
    latestPort = null;
    latestBudget = null;
    budget.release();
    for (Station next = budget.oldest; next != null; next = budget.oldest) {
      release(next);
    }
    budget.anonymous().release();
    for (StationListener listener : listeners) {
      listener.portReleased(budget);
    }
  }

  /**
   * The number of stations.
   *
   * @return stations, without the anonymous ones
   */
  public int size() {
    return stations.size();
  }

  /**
   * The budgets of the ports that have one.
   *
   * @return a snapshot
   */
  public List<PortBudget> budgets() {
    return List.copyOf(budgets.values());
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node = DumpNode.of("stations").with("stations", stations.size());
    budgets.values().forEach(budget -> node.child(budget.dump()));
    return node.build();
  }
}
