package io.lanyard.dns;

import io.lanyard.nat.station.Excess;
import io.lanyard.nat.station.PortBudget;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The TCP connections to the name server, shared by the ports as {@link Outstanding} shares
 * questions: a port has a floor, and beyond it as many as are free.
 *
 * <p>A port that has all of its places gives up the oldest of its connections that waits for no
 * answer, whether it is silent or in the middle of a query (RFC 7766 section 6.2.3).
 *
 * <p>Thread: the network's loop only.
 */
final class StreamPlaces {
  /** Each may hold a window of queries and 32 answers; one port alone gets half of them. */
  private static final int PLACES = 128;

  /** A port's connections whatever others do: a resolver keeps one or two. */
  private static final int FLOOR = 4;

  private final Map<PortBudget, Set<DnsStream>> ports = new HashMap<>();
  private int taken;

  /**
   * Takes a place for a new connection.
   *
   * @return false if the port has no more, and none of its connections can be given up
   */
  boolean take(PortBudget port, DnsStream stream) {
    Set<DnsStream> streams = ports.computeIfAbsent(port, key -> new LinkedHashSet<>());
    if (streams.size() >= FLOOR && streams.size() >= PLACES - taken) {
      port.count(Excess.STREAMS);
      DnsStream idle = oldestIdle(streams);
      if (idle == null) {
        return false;
      }
      idle.giveUp();
    }
    ports.computeIfAbsent(port, key -> streams).add(stream);
    taken++;
    return true;
  }

  private static @Nullable DnsStream oldestIdle(Set<DnsStream> streams) {
    for (DnsStream stream : streams) {
      if (stream.isIdle()) {
        return stream;
      }
    }
    return null;
  }

  /** Gives a place back; nothing happens if the connection has none. */
  void free(PortBudget port, DnsStream stream) {
    Set<DnsStream> streams = ports.get(port);
    if (streams != null && streams.remove(stream)) {
      taken--;
      if (streams.isEmpty()) {
        ports.remove(port);
      }
    }
  }

  int taken() {
    return taken;
  }
}
