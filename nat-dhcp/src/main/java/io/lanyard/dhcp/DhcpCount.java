package io.lanyard.dhcp;

/** What a DHCP server received, sent and dropped. */
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
  /** Dropped: not a well-formed DHCP request of an Ethernet client. */
  MALFORMED,
  /** A message with options that could not be read: of a wrong length, or too many. */
  BAD_OPTIONS,
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
