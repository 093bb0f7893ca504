package io.lanyard.dns;

import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.Station;
import java.util.HashMap;
import java.util.Map;

/**
 * The questions of one port that wait, and of each station behind it.
 *
 * <p>Thread: the network's loop only.
 */
final class PortShare {
  final PortBudget port;
  int questions;
  int askers;
  long bytes;

  /** Bytes of its large answers that are not read yet. */
  long answerBytes;

  /** Sockets that its questions have open. */
  int sockets;

  /** Queries that wait, for stations that have any. */
  private final Map<Station, Integer> stations = new HashMap<>();

  PortShare(PortBudget port) {
    this.port = port;
  }

  int askersOf(Station station) {
    return stations.getOrDefault(station, 0);
  }

  void add(Station station) {
    askers++;
    stations.merge(station, 1, Integer::sum);
  }

  void remove(Station station) {
    askers--;
    stations.computeIfPresent(station, (key, n) -> n == 1 ? null : n - 1);
  }
}
