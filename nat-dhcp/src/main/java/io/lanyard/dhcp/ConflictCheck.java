package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import org.jspecify.annotations.Nullable;

/**
 * Requests that wait for the verdict of a probe, at most one an address.
 *
 * <p>Thread: the network's loop only.
 */
final class ConflictCheck {
  /**
   * Bounds what a flood of made-up clients can keep waiting; at the default wait it lets 20,000 new
   * clients a second through.
   */
  private static final int MAX_WAITING = 4096;

  /** What becomes of a request. */
  interface Verdict {
    /** Nobody uses the address. */
    void free();

    /**
     * Somebody uses the address.
     *
     * @param mac who
     * @param late whether {@link #free} has been told before
     */
    void inUse(long mac, boolean late);
  }

  private final Counters<DhcpCount> counters;
  private final IntObjectMap<Verdict> waiting = new IntObjectHashMap<>();
  private @Nullable ConflictProbe probe;

  ConflictCheck(Counters<DhcpCount> counters) {
    this.counters = counters;
  }

  void probeWith(ConflictProbe conflictProbe) {
    probe = conflictProbe;
  }

  boolean on() {
    return probe != null;
  }

  /** Whether a probe of an address is under way. */
  boolean waits(int address) {
    return waiting.containsKey(address);
  }

  /** Whether one more can wait; counts when not. */
  boolean hasRoom() {
    if (waiting.size() < MAX_WAITING) {
      return true;
    }
    counters.count(DhcpCount.OVERLOADED);
    return false;
  }

  /**
   * Probes an address. A client that repeats itself while its address is probed is answered once,
   * as it asked last.
   */
  void check(int address, long client, Verdict verdict) {
    ConflictProbe conflicts = probe;
    if (conflicts == null) {
      verdict.free();
      return;
    }
    if (waiting.put(address, verdict) != null) {
      return;
    }
    counters.count(DhcpCount.PROBE);
    Verdict[] told = new Verdict[1];
    conflicts.probe(
        address,
        client,
        () -> {
          Verdict latest = waiting.remove(address);
          if (latest != null) {
            told[0] = latest;
            latest.free();
          }
        },
        mac -> {
          counters.count(DhcpCount.CONFLICT);
          Verdict early = told[0] == null ? waiting.remove(address) : null;
          if (early != null) {
            early.inUse(mac, false);
          } else if (told[0] != null) {
            told[0].inUse(mac, true);
          }
        });
  }
}
