package io.lanyard.nat.icmp;

/** The counters of the NAT of ICMP echo. */
public enum PingCount {
  /** Echo requests that went out. */
  OUT,
  /** Sockets that had to be raw, because the host permits no others. */
  RAW_SOCKETS,
  /** Echo requests for which the quotas had no place. */
  QUOTA,
  /** Echo requests for which there was no descriptor. */
  NO_DESCRIPTOR,
  /** Echo requests that the host does not let the daemon send. */
  NOT_PERMITTED,
  /** Echo requests that could not be sent. */
  FAILED
}
