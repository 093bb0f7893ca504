package io.lanyard.dhcp;

import io.lanyard.base.Timers;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.Stations;
import io.lanyard.nat.station.TestStations;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import java.util.HashMap;
import java.util.Map;

/** Ports with the stations behind them, whose links go when a test says so. */
final class TestPorts {
  private final Stations stations;
  private final Map<String, InMemoryPort> ports = new HashMap<>();

  TestPorts(Timers timers) {
    stations = TestStations.table(timers);
  }

  /** A station behind a port, which has a link. */
  Station station(String port, long mac) {
    InMemoryPort known = ports.computeIfAbsent(port, name -> new InMemoryPort(name, Offloads.NONE));
    return TestStations.station(stations, known, mac);
  }

  /** Whether a frame has come by a port. */
  boolean has(String port) {
    return ports.containsKey(port);
  }

  /** A port loses its link; it has one again with its next frame. */
  void lose(String port) {
    stations.release(ports.get(port));
  }
}
