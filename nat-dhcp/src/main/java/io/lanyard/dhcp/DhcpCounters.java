package io.lanyard.dhcp;

import java.util.EnumMap;
import java.util.Map;

/**
 * What a DHCP server received, sent and dropped.
 *
 * <p>Thread: written by the network's loop; read there too, or elsewhere for a rough figure.
 */
public final class DhcpCounters {
  /** What is counted. */
  public enum Event {
    /** DISCOVER received. */
    DISCOVER,
    /** REQUEST received. */
    REQUEST,
    /** DECLINE received. */
    DECLINE,
    /** RELEASE received. */
    RELEASE,
    /** INFORM received. */
    INFORM,
    /** OFFER sent. */
    OFFER,
    /** ACK sent. */
    ACK,
    /** NAK sent. */
    NAK,
    /** Dropped: not a well-formed DHCP request of an Ethernet client. */
    MALFORMED,
    /** Dropped: a message that only servers send. */
    UNEXPECTED_TYPE,
    /** Dropped: meant for another server, or asked by way of a relay in another subnet. */
    NOT_OURS,
    /** Dropped: no binding to renew, confirm or release. */
    UNKNOWN_CLIENT,
    /** No address was left to offer. */
    POOL_EXHAUSTED,
    /** An address that was looked for on the network before it was given away. */
    PROBE,
    /** An address that was about to be given away turned out to be in use. */
    CONFLICT,
    /** A client with the identifier of another, which is there too: told apart by their MACs. */
    TWIN,
    /** A renewal so soon after the last that the lease on disk would be the same. */
    UNCHANGED,
    /** Not acknowledged, because the lease could not be stored. */
    STORE_FAILED,
    /** Dropped: too many requests waited for conflict probes. */
    OVERLOADED
  }

  private final long[] counts = new long[Event.values().length];

  DhcpCounters() {}

  void count(Event event) {
    counts[event.ordinal()]++;
  }

  /**
   * Reads one counter.
   *
   * @param event what
   * @return how often since the server started
   */
  public long get(Event event) {
    return counts[event.ordinal()];
  }

  /**
   * Reads all counters.
   *
   * @return a snapshot
   */
  public Map<Event, Long> snapshot() {
    Map<Event, Long> all = new EnumMap<>(Event.class);
    for (Event event : Event.values()) {
      all.put(event, get(event));
    }
    return all;
  }
}
