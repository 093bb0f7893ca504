package io.lanyard.nat.udp;

/** The counters of the UDP NAT. */
public enum UdpCount {
  /** Datagrams from guests that went out. */
  OUT,
  /** Datagrams that came in and went to guests. */
  IN,
  /** Mappings made. */
  MAPPED,
  /** Mappings that have the guest's own port number outside. */
  PORT_PRESERVED,
  /** Datagrams from outside that the filter dropped. */
  FILTERED,
  /** Datagrams from outside that are too large for the guest's version of IP. */
  TOO_LARGE,
  /** Datagrams of guests dropped because a quota was full. */
  QUOTA,
  /** Datagrams of guests dropped because there was no descriptor for a socket. */
  NO_DESCRIPTOR,
  /** Datagrams of guests dropped because the host gave no socket for them. */
  NO_SOCKET,
  /** Datagrams of guests that the host's buffers did not take. */
  NO_BUFFERS,
  /** Datagrams of guests that the host refused to send. */
  SEND_FAILED,
  /** Errors that the host reported for datagrams sent. */
  ERRORS,
  /** Datagrams of guests with a destination that does not exist, on the gateway. */
  PORT_CLOSED
}
