package io.lanyard.dhcp;

import io.lanyard.nat.gateway.ProbeListener;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.TestStations;
import io.lanyard.net.Address;
import java.util.ArrayList;
import java.util.List;

/** A network whose hosts answer probes when a test says so. */
final class SteppedProbe implements ConflictProbe {
  /** A probe that was sent. */
  record Sent(Address address, ProbeListener listener) {}

  final List<Sent> sent = new ArrayList<>();

  @Override
  public void probe(Address address, long waitNanos, ProbeListener listener) {
    sent.add(new Sent(address, listener));
  }

  /** The newest probe's wait is over. */
  Sent silent() {
    Sent newest = sent.getLast();
    newest.listener().silent();
    return newest;
  }

  /** A host behind the port of its own answers the newest probe. */
  Sent answeredBy(long mac) {
    Sent newest = sent.getLast();
    answeredBy(mac, TestClient.portOf(mac));
    return newest;
  }

  /** A host behind one of several ports answers the newest probe; true if that settles it. */
  boolean answeredBy(Station host) {
    return sent.getLast().listener().answered(host.mac(), host);
  }

  /** A host answers the newest probe; true if that settles it. */
  boolean answeredBy(long mac, String port) {
    return sent.getLast().listener().answered(mac, TestStations.station(port, mac));
  }
}
