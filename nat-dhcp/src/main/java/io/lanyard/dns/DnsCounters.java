package io.lanyard.dns;

import java.util.EnumMap;
import java.util.Map;

/**
 * What a DNS forwarder was asked, and how it answered.
 *
 * <p>Thread: written by the network's loop; read there too, or elsewhere for a rough figure.
 */
public final class DnsCounters {
  /** What is counted. */
  public enum Event {
    /** A question over UDP. */
    UDP_QUERY,
    /** A question over TCP. */
    TCP_QUERY,
    /** Answered from the network's own names. */
    OWN_ANSWER,
    /** Answered from the cache. */
    CACHE_HIT,
    /** Joined to the same question, which was under way. */
    MERGED,
    /** Asked upstream. */
    FORWARDED,
    /** A query that was sent to an upstream server over UDP. */
    UPSTREAM_UDP,
    /** A query that was sent to an upstream server over TCP. */
    UPSTREAM_TCP,
    /** An upstream server that did not answer in time, or could not be reached. */
    UPSTREAM_FAILED,
    /** A datagram from upstream that answers no question of ours: dropped. */
    UPSTREAM_MISMATCH,
    /** No upstream server answered: SERVFAIL. */
    UNANSWERED,
    /** Dropped: not a query, or too short to answer. */
    MALFORMED,
    /** Answered with FORMERR. */
    FORMAT_ERROR,
    /** Answered with NOTIMP or BADVERS. */
    NOT_IMPLEMENTED,
    /** Answered with REFUSED: a zone transfer. */
    REFUSED,
    /** Answered with REFUSED: too many questions waiting. */
    OVER_QUOTA,
    /** An answer that did not fit a datagram, and was truncated. */
    TRUNCATED
  }

  private final long[] counts = new long[Event.values().length];

  DnsCounters() {}

  void count(Event event) {
    counts[event.ordinal()]++;
  }

  /**
   * Reads one counter.
   *
   * @param event what
   * @return how often since the forwarder started
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
