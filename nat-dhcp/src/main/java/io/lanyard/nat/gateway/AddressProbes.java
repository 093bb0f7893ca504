package io.lanyard.nat.gateway;

import io.lanyard.base.Timers;
import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Probes for stations that use an address which is about to be given away. In IPv4 they are ARP
 * requests whose sender has no address (RFC 5227 section 2.1.1), so that nobody's cache learns from
 * them; in IPv6 neighbour solicitations of the gateway's.
 *
 * <p>One request is enough here, where RFC 5227 sends three over seconds: a virtual switch loses
 * nothing, and listening goes on after the verdict, so that a slow station is heard too.
 *
 * <p>Who probes bounds how many there are: each costs a timer and a broadcast.
 *
 * <p>Thread: the network's loop only.
 */
final class AddressProbes {
  /** How long answers are heard in all: the time that RFC 2131 servers commonly wait for a ping. */
  static final long LISTEN_NANOS = 1_000_000_000L;

  private final Timers timers;
  private final Consumer<Address> wire;
  private final Map<Address, List<Probe>> probes = new HashMap<>();

  /**
   * Makes one.
   *
   * @param wire asks all who has an address
   */
  AddressProbes(Timers timers, Consumer<Address> wire) {
    this.timers = timers;
    this.wire = wire;
  }

  void probe(Address address, long waitNanos, ProbeListener listener) {
    Probe probe = new Probe(address, waitNanos, listener);
    List<Probe> others = probes.get(address);
    if (others == null) {
      others = new ArrayList<>(1);
      probes.put(address, others);
    }
    others.add(probe);
    wire.accept(address);
  }

  /** A station said that an address is its own, or is about to be (another server's ARP probe). */
  void heard(long high, long low, long mac, Station from) {
    List<Probe> asking = probes.isEmpty() ? null : probes.get(new Address(high, low));
    if (asking != null) {
      for (Probe probe : List.copyOf(asking)) {
        probe.answered(mac, from);
      }
    }
  }

  void close() {
    new ArrayList<>(probes.values()).forEach(all -> List.copyOf(all).forEach(Probe::end));
  }

  private final class Probe {
    private final Address address;
    private final long waitNanos;
    private final ProbeListener listener;
    private final Timers.Timer timer;
    private boolean told;

    Probe(Address address, long waitNanos, ProbeListener listener) {
      this.address = address;
      this.waitNanos = waitNanos;
      this.listener = listener;
      timer = timers.create(this::expire);
      timer.arm(waitNanos);
    }

    private void answered(long mac, Station from) {
      if (listener.answered(mac, from)) {
        end();
      }
    }

    private void expire() {
      if (told || waitNanos >= LISTEN_NANOS) {
        end();
      } else {
        timer.arm(LISTEN_NANOS - waitNanos);
      }
      if (!told) {
        told = true;
        listener.silent();
      }
    }

    private void end() {
      timer.cancel();
      List<Probe> others = probes.get(address);
      if (others != null && others.remove(this) && others.isEmpty()) {
        probes.remove(address);
      }
    }
  }
}
