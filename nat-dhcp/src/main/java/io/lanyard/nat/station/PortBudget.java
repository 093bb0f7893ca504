package io.lanyard.nat.station;

import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import org.jspecify.annotations.Nullable;

/**
 * One ingress port's use of the gateway: the key of every quota, because a guest does not choose
 * its port.
 *
 * <p>It is made when a frame of the port first reaches the gateway, and released when the port is
 * detached or loses its carrier. A service keeps its own count for the port here.
 *
 * <p>Thread: the network's loop only.
 */
public final class PortBudget implements Dumpable {
  /** Distinguishes budgets in the table's keys: a port that comes back has another number. */
  final int number;

  private final String name;
  private final Station anonymous;
  private boolean released;

  /** The port's stations, the one that was given its place longest ago first. */
  @Nullable Station oldest;

  @Nullable Station newest;
  int stations;

  private long stationsRefused;
  private long stationsEvicted;

  PortBudget(int number, String name) {
    this.number = number;
    this.name = name;
    anonymous = new Station(this, 0);
  }

  /**
   * The port's name.
   *
   * @return the name, as in the configuration
   */
  public String name() {
    return name;
  }

  /**
   * Whether the port is gone. A service that still holds something of it drops it and counts it
   * nowhere.
   *
   * @return true once the port has been released
   */
  public boolean released() {
    return released;
  }

  /**
   * The number of the port's stations that the table knows.
   *
   * @return stations, without the anonymous one
   */
  public int stations() {
    return stations;
  }

  /**
   * The owner of everything that the port sends beyond its share of the table.
   *
   * @return a station without addresses, the same at every call
   */
  public Station anonymous() {
    return anonymous;
  }

  void release() {
    released = true;
  }

  void stationRefused() {
    stationsRefused++;
  }

  void stationEvicted() {
    stationsEvicted++;
  }

  void append(Station station) {
    Station last = newest;
    station.older = last;
    station.newer = null;
    if (last == null) {
      oldest = station;
    } else {
      last.newer = station;
    }
    newest = station;
    stations++;
  }

  void unlink(Station station) {
    Station before = station.older;
    Station after = station.newer;
    if (before == null) {
      oldest = after;
    } else {
      before.newer = after;
    }
    if (after == null) {
      newest = before;
    } else {
      after.older = before;
    }
    station.older = null;
    station.newer = null;
    stations--;
  }

  @Override
  public DumpNode dump() {
    return DumpNode.of(name)
        .with("stations", stations)
        .withNonZero("stationsEvicted", stationsEvicted)
        .withNonZero("stationsRefused", stationsRefused)
        .build();
  }

  @Override
  public String toString() {
    return name;
  }
}
