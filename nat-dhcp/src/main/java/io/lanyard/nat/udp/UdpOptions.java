package io.lanyard.nat.udp;

import io.lanyard.config.NatConfig.Behaviour;

/**
 * How the UDP NAT behaves.
 *
 * @param filtering from where a mapping takes datagrams (RFC 4787 section 5)
 * @param timeoutNanos how long a flow may be idle; RFC 4787 REQ-5: at least two minutes, five
 *     recommended
 * @param queryTimeoutNanos the same for the well-known port of DNS, where one answer ends the
 *     conversation (REQ-5 a permits it to be shorter)
 */
public record UdpOptions(Behaviour filtering, long timeoutNanos, long queryTimeoutNanos) {
  public static final UdpOptions DEFAULT =
      new UdpOptions(Behaviour.ADDRESS_DEPENDENT, 300_000_000_000L, 30_000_000_000L);
}
