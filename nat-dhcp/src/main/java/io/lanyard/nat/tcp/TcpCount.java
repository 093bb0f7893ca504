package io.lanyard.nat.tcp;

/** The counters of a network's TCP engine. */
public enum TcpCount {
  /** Connections that guests opened. */
  OPENED_BY_GUEST,
  /** Connections that were opened to guests. */
  OPENED_TO_GUEST,
  /** Connections that reached ESTABLISHED. */
  ESTABLISHED,
  /** Connections that the host's side refused or could not reach. */
  CONNECT_FAILED,
  /** Connections refused because a quota was used up. */
  QUOTA,
  /** Connections dropped because there was no descriptor for them; guests try again. */
  NO_DESCRIPTOR,
  /** Segments from guests. */
  SEGMENTS_IN,
  /** Bytes of payload that were new, from guests. */
  BYTES_IN,
  /** Segments to guests; a super-frame is one. */
  SEGMENTS_OUT,
  /** Bytes of payload to guests, the first time they are sent. */
  BYTES_OUT,
  /** Segments retransmitted. */
  RETRANSMITTED,
  /** Retransmission timeouts. */
  TIMEOUTS,
  /** Losses found by SACK or duplicate acknowledgments. */
  FAST_RETRANSMITS,
  /** Tail loss probes. */
  TAIL_PROBES,
  /** Probes of a closed window. */
  WINDOW_PROBES,
  /** Keep-alive probes. */
  KEEP_ALIVES,
  /** Challenge acknowledgments (RFC 5961). */
  CHALLENGE_ACKS,
  /** Resets sent to guests. */
  RESETS_OUT,
  /** Resets taken from guests. */
  RESETS_IN,
  /** Connections dropped because nothing moved for too long. */
  IDLE_TIMEOUTS,
  /** Dropped: the TCP header is impossible. */
  DROP_MALFORMED,
  /** Dropped: the checksum is wrong. */
  DROP_CHECKSUM,
  /** Dropped: outside the window. */
  DROP_WINDOW,
  /** Dropped: an old timestamp (PAWS, RFC 7323 section 5). */
  DROP_PAWS,
  /** Dropped: a duplicate of what was received before. */
  DROP_DUPLICATE,
  /** Dropped: no connection, answered by a reset. */
  DROP_NO_CONNECTION,
  /** Dropped: out of order, and no more room to keep it. */
  DROP_REASSEMBLY,
  /** Dropped: text that the window had room for, but the memory has none. */
  DROP_NO_MEMORY,
  /** Dropped: an acknowledgment of what was never sent, or from long ago. */
  DROP_ACK,
  /** Connections reset because there was no memory for what they carry. */
  NO_MEMORY,
  /** An exception inside the engine: the connection was reset. A defect. */
  FAULTS
}
