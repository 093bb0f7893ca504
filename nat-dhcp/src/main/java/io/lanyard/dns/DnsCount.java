package io.lanyard.dns;

/** The counters of a DNS forwarder: questions and answers. */
public enum DnsCount {
  /** A question over UDP. */
  UDP_QUERY,
  /** A question over TCP. */
  TCP_QUERY,
  /** Answered from the network's own names. */
  OWN_ANSWER,
  /** Answered from the cache. */
  CACHE_HIT,
  /** Asked upstream anew because the answer's time is nearly over. */
  RENEWED,
  /** Joined to the same question, which was under way. */
  MERGED,
  /** Asked upstream. */
  FORWARDED,
  /** A query that was sent to an upstream server over UDP. */
  UPSTREAM_UDP,
  /** A query that was sent to an upstream server over TCP. */
  UPSTREAM_TCP,
  /** A query that was sent to an upstream server over TLS. */
  UPSTREAM_TLS,
  /** An upstream server that did not answer in time, or could not be reached. */
  UPSTREAM_FAILED,
  /** A query upstream for which the network had no socket, or no place on a connection. */
  NO_DESCRIPTOR,
  /** A large answer from upstream for which the port had no memory: not taken. */
  NO_MEMORY,
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
  /** Answered with REFUSED: a name of others, and this network asks no name servers. */
  NOT_FORWARDED,
  /** Answered with REFUSED: a name that the network's egress does not permit. */
  DENIED,
  /** Answered that there is nothing: HTTPS and SVCB records, where egress is by name. */
  SUPPRESSED,
  /** Answered with REFUSED: more questions of the port in a second than its network lets it ask. */
  RATE_LIMITED,
  /** Answered from the cache after the answer's time, because no server answers. */
  STALE,
  /** Private addresses that were taken out of an answer for a name of others. */
  REBINDING,
  /** Answered with REFUSED: too many questions waiting. */
  OVER_QUOTA,
  /** A TCP connection that was refused: the port has its share of them, all busy. */
  STREAM_REFUSED,
  /** A TCP connection that was ended: idle for too long, or for a newer one of its port. */
  STREAM_GIVEN_UP,
  /** An answer that did not fit a datagram, and was truncated. */
  TRUNCATED
}
