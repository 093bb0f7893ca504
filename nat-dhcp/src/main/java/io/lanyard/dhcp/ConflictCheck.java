package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.nat.gateway.ProbeListener;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Requests that wait for the verdict of a probe, at most one per address, client and port.
 *
 * <p>The port is part of it because anybody can name a client: requests from another port neither
 * take the place of the client's own, nor delay it.
 *
 * <p>Thread: the network's loop only.
 */
final class ConflictCheck {
  /** How long a lease's holder is waited for where addresses are given away without a probe. */
  private static final long HOLDER_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** Bounds the requests that wait, and so the memory that they take. */
  private static final int MAX_WAITING = 4096;

  /** Beyond this, a port that has many requests waiting gets no more. */
  private static final int CROWDED = MAX_WAITING / 4 * 3;

  /** Requests that a port may have waiting in a crowd. */
  private static final int FEW = 16;

  /** The outcome of a check. */
  interface Verdict {
    /**
     * Whether an answer is believed: not one of the client itself, nor of a port that says so of
     * every address, which counts against that port.
     *
     * @param mac the MAC address that answered
     * @param from the station that sent the answer
     */
    boolean believes(long mac, Station from);

    /**
     * Nobody uses the address.
     *
     * @param probedAt when the probe was sent, by {@link LeaseTable#hearings}
     */
    void free(long probedAt);

    /**
     * Somebody uses the address.
     *
     * @param mac the MAC address that answered
     * @param port the name of the port that it is behind
     * @param late whether {@link #free} has been told before
     */
    void inUse(long mac, String port, boolean late);
  }

  /** Its methods are written out: the JVM would spin a record's own when the first client comes. */
  private record Key(Address address, ClientId client) implements Comparable<Key> {
    @Override
    public boolean equals(Object other) {
      return other instanceof Key that
          && address.equals(that.address)
          && client.equals(that.client);
    }

    @Override
    public int hashCode() {
      return 31 * address.hashCode() + client.hashCode();
    }

    @Override
    public int compareTo(Key other) {
      int byAddress = address.compareTo(other.address);
      return byAddress != 0 ? byAddress : client.compareTo(other.client);
    }
  }

  private final DhcpTerms terms;
  private final LeaseTable table;
  private final Counters<DhcpCount> counters;
  private final Map<Key, Map<String, Probe>> waiting = new HashMap<>();
  private final Map<String, Integer> byPort = new HashMap<>();
  private int size;
  private @Nullable ConflictProbe probe;

  ConflictCheck(DhcpTerms terms, LeaseTable table, Counters<DhcpCount> counters) {
    this.terms = terms;
    this.table = table;
    this.counters = counters;
  }

  void probeWith(ConflictProbe conflictProbe) {
    probe = conflictProbe;
  }

  /** Whether addresses are looked for before they are given away. */
  boolean on() {
    return asks() && terms.probeNanos() > 0;
  }

  /** Whether the network can be asked. Who has a lease is asked whatever the terms say. */
  boolean asks() {
    return probe != null;
  }

  /** Whether a request for a client, by any port, waits for a verdict on an address. */
  boolean waits(Address address, ClientId client) {
    return waiting.containsKey(new Key(address, client));
  }

  /**
   * Whether a request may have an address probed, because its port has neither too many waiting nor
   * caused too many probes, which all ports hear. Counts when not.
   */
  boolean admits(Address address, ClientRequest request) {
    Map<String, Probe> ports = waiting.get(new Key(address, request.client()));
    if (ports != null && ports.containsKey(request.port())) {
      return true; // There is a probe already.
    }
    if (size >= CROWDED && (size >= MAX_WAITING || byPort.getOrDefault(request.port(), 0) >= FEW)) {
      counters.count(DhcpCount.OVERLOADED);
      return false;
    }
    if (!request.budget().admitsBroadcast()) {
      counters.count(DhcpCount.PROBE_LIMIT);
      return false;
    }
    return true;
  }

  /**
   * Probes an address, once {@link #admits} has admitted it. A client that repeats itself while its
   * address is probed is answered once, as it asked last.
   */
  void check(Address address, ClientRequest request, Verdict verdict) {
    ConflictProbe conflicts = probe;
    if (conflicts == null) {
      verdict.free(table.hearings());
      return;
    }
    Key key = new Key(address, request.client());
    Map<String, Probe> ports = waiting.computeIfAbsent(key, any -> new HashMap<>(2));
    Probe earlier = ports.get(request.port());
    if (earlier != null) {
      earlier.verdict = verdict;
      return;
    }
    counters.count(DhcpCount.PROBE);
    Probe waits = new Probe(key, request.budget(), verdict);
    ports.put(request.port(), waits);
    size++;
    byPort.merge(request.port(), 1, Integer::sum);
    conflicts.probe(address, on() ? terms.probeNanos() : HOLDER_NANOS, waits);
  }

  private final class Probe implements ProbeListener {
    private final Key key;
    private final PortBudget asking;
    private final long sentAt;
    private Verdict verdict;
    private boolean free;

    Probe(Key key, PortBudget asking, Verdict verdict) {
      this.key = key;
      this.asking = asking;
      this.sentAt = table.hearings();
      this.verdict = verdict;
    }

    @Override
    public boolean answered(long mac, Station from) {
      if (!verdict.believes(mac, from)) {
        return false;
      }
      counters.count(DhcpCount.CONFLICT);
      if (!free) {
        ended();
      }
      verdict.inUse(mac, from.budget().name(), free);
      return true;
    }

    @Override
    public void silent() {
      ended();
      free = true;
      asking.turn().charge(() -> verdict.free(sentAt));
    }

    private void ended() {
      waiting.computeIfPresent(
          key,
          (same, ports) -> ports.remove(asking.name()) != null && ports.isEmpty() ? null : ports);
      size--;
      byPort.computeIfPresent(asking.name(), (port, n) -> n > 1 ? n - 1 : null);
    }
  }
}
