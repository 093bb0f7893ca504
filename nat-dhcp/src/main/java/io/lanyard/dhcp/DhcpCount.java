package io.lanyard.dhcp;

/** The counters of a DHCP server of either version: messages received, sent and dropped. */
public enum DhcpCount {
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
  /** SOLICIT received (DHCPv6). */
  SOLICIT,
  /** CONFIRM received (DHCPv6). */
  CONFIRM,
  /** RENEW received (DHCPv6). */
  RENEW,
  /** REBIND received (DHCPv6). */
  REBIND,
  /** INFORMATION-REQUEST received (DHCPv6). */
  INFORMATION_REQUEST,
  /** ADVERTISE sent (DHCPv6). */
  ADVERTISE,
  /** REPLY sent (DHCPv6). */
  REPLY,
  /** Dropped: not a well-formed DHCP request of an Ethernet client. */
  MALFORMED,
  /** A message with options that could not be read: of a wrong length, or too many. */
  BAD_OPTIONS,
  /** Dropped: a message that only servers send. */
  UNEXPECTED_TYPE,
  /**
   * Dropped: meant for another server, of the other version, or asked by way of a relay in another
   * subnet.
   */
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
  CLONE,
  /** A port that already answers for several addresses, or has one of its own, was not believed. */
  ANSWER_DISTRUSTED,
  /** Dropped: RELEASE or DECLINE of a lease by another MAC address or port than it was got by. */
  NOT_THE_HOLDER,
  /** Dropped or refused: the port has its share of the pool. */
  PORT_LIMIT,
  /** Dropped: the client that it names is there, behind another port. */
  IMPOSTOR,
  /** Dropped: DISCOVER or REQUEST for a client that belongs to another port. */
  CLIENT_ELSEWHERE,
  /** Dropped: it needs a probe, which all ports hear, and the port has caused too many. */
  PROBE_LIMIT,
  /** An address in use that stays in the pool: too many are out of it already. */
  QUARANTINE_FULL,
  /** A lease that was ended for another client, since its holder has left and does not answer. */
  RECLAIMED,
  /** A name that went to a new client, since its former holder did not answer. */
  NAME_MOVED,
  /** A renewal so soon after the last that the lease on disk would be the same. */
  UNCHANGED,
  /** Not acknowledged, because the lease could not be stored. */
  STORE_FAILED,
  /** Dropped: too many requests waited for conflict probes. */
  OVERLOADED
}
