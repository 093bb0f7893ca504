package io.lanyard.nat.udp;

/**
 * How the UDP NAT behaves.
 *
 * @param filtering from where a mapping takes datagrams
 * @param timeoutNanos how long a flow may be idle; RFC 4787 REQ-5: at least two minutes, five
 *     recommended
 * @param queryTimeoutNanos the same for the well-known port of DNS, where one answer ends the
 *     conversation (REQ-5 a permits it to be shorter)
 */
public record UdpOptions(Filtering filtering, long timeoutNanos, long queryTimeoutNanos) {
  /** From where a mapping takes datagrams (RFC 4787 section 5). */
  public enum Filtering {
    /** From anywhere. */
    ENDPOINT_INDEPENDENT,
    /** From addresses that the guest has sent to. */
    ADDRESS_DEPENDENT,
    /** From endpoints that the guest has sent to. */
    ADDRESS_AND_PORT_DEPENDENT
  }

  /** The values that RFC 4787 recommends. */
  public static final UdpOptions DEFAULT =
      new UdpOptions(Filtering.ADDRESS_DEPENDENT, 300_000_000_000L, 30_000_000_000L);
}
