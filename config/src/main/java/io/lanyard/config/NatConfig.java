package io.lanyard.config;

import java.time.Duration;

/**
 * How a network's NAT behaves.
 *
 * @param mapping when two flows of a guest's port share a port on the host (RFC 4787 section 4.1)
 * @param filtering which strangers may answer (RFC 4787 section 5)
 * @param hostLoopback whether {@link Ipv4Config#host} leads to the host's loopback where there is
 *     no host adapter
 * @param timeouts when an idle flow ends
 * @param quotas how many flows there may be
 */
public record NatConfig(
    Behaviour mapping,
    Behaviour filtering,
    boolean hostLoopback,
    Timeouts timeouts,
    Quotas quotas) {
  /** On what a mapping or a filter depends, besides the guest's own address and port. */
  public enum Behaviour {
    /** On nothing else. */
    ENDPOINT_INDEPENDENT,
    /** On the remote address. */
    ADDRESS_DEPENDENT,
    /** On the remote address and port. */
    ADDRESS_AND_PORT_DEPENDENT
  }

  /**
   * When an idle flow ends.
   *
   * @param tcpEstablished an established connection; at least 2 h 4 min (RFC 5382 REQ-5) by default
   * @param tcpTransitory a connection that is being opened or closed
   * @param udp a UDP flow; 5 min by default (RFC 4787 REQ-5)
   * @param icmp an ICMP echo flow; at least 60 s by default (RFC 5508 REQ-1)
   */
  public record Timeouts(
      Duration tcpEstablished, Duration tcpTransitory, Duration udp, Duration icmp) {}

  /**
   * How many flows there may be at a time.
   *
   * @param flows on the network, of all protocols
   * @param flowsPerGuest of one guest's address, of all protocols
   */
  public record Quotas(int flows, int flowsPerGuest) {}
}
