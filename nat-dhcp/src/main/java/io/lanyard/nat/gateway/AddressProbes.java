package io.lanyard.nat.gateway;

import io.lanyard.base.Timers;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import java.util.ArrayList;
import java.util.function.LongConsumer;

/**
 * Looks for a station that uses an address which is about to be given away: an ARP probe, whose
 * sender has no address (RFC 5227 section 2.1.1), so that nobody's cache learns from it.
 *
 * <p>One probe is enough here, where RFC 5227 sends three over seconds: a virtual switch loses
 * nothing, and listening goes on after the verdict, so a station that was slow to answer is heard
 * all the same.
 */
final class AddressProbes {
  /** How long an answer is listened for in all: what RFC 2131 servers commonly wait for a ping. */
  static final long LISTEN_NANOS = 1_000_000_000L;

  private final Timers timers;
  private final ArpResponder arp;
  private final IntObjectMap<Probe> probes = new IntObjectHashMap<>();

  AddressProbes(Timers timers, ArpResponder arp) {
    this.timers = timers;
    this.arp = arp;
  }

  void probe(int address, long exempt, long waitNanos, Runnable free, LongConsumer inUse) {
    Probe before = probes.get(address);
    if (before != null) {
      before.end();
    }
    Probe probe = new Probe(address, exempt, waitNanos, free, inUse);
    probes.put(address, probe);
    arp.probe(address);
  }

  /** A station said that an address is its own, or is about to be (a probe like ours). */
  void heard(int address, long mac) {
    Probe probe = probes.isEmpty() ? null : probes.get(address);
    if (probe != null && probe.exempt != mac) {
      probe.end();
      probe.inUse.accept(mac);
    }
  }

  void close() {
    new ArrayList<>(probes.values()).forEach(Probe::end);
  }

  private final class Probe {
    private final int address;
    private final long exempt;
    private final long waitNanos;
    private final Runnable free;
    private final LongConsumer inUse;
    private final Timers.Timer timer;
    private boolean told;

    Probe(int address, long exempt, long waitNanos, Runnable free, LongConsumer inUse) {
      this.address = address;
      this.exempt = exempt;
      this.waitNanos = waitNanos;
      this.free = free;
      this.inUse = inUse;
      timer = timers.create(this::expire);
      timer.arm(waitNanos);
    }

    private void expire() {
      if (told || waitNanos >= LISTEN_NANOS) {
        end();
      } else {
        timer.arm(LISTEN_NANOS - waitNanos);
      }
      if (!told) {
        told = true;
        free.run();
      }
    }

    private void end() {
      timer.cancel();
      probes.remove(address, this);
    }
  }
}
