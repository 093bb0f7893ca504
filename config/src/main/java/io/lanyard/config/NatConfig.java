package io.lanyard.config;

import java.time.Duration;
import java.util.Set;

/**
 * How a network's NAT behaves.
 *
 * @param mapping when two flows of a guest's port share a port on the host (RFC 4787 section 4.1)
 * @param filtering which strangers may answer (RFC 4787 section 5)
 * @param hostLoopback what of the host's loopback {@link Ipv4Config#host} leads to where there is
 *     no host adapter
 * @param timeouts when an idle flow ends
 * @param quotas how many flows there may be
 */
public record NatConfig(
    Behaviour mapping,
    Behaviour filtering,
    HostLoopback hostLoopback,
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
   * @param tcpConnect how long the host's side may take to connect
   * @param tcpEstablished an established connection; RFC 5382 REQ-5 wants at least 2 h 4 min
   * @param tcpTransitory a connection that is being opened or closed; the same wants at least 4 min
   * @param udp a UDP flow; RFC 4787 REQ-5 wants at least 2 min
   */
  public record Timeouts(
      Duration tcpConnect, Duration tcpEstablished, Duration tcpTransitory, Duration udp) {}

  /**
   * How many flows there may be at a time.
   *
   * @param tcpPerGuest TCP connections of one guest
   * @param tcp TCP connections of the network
   * @param udpPerGuest UDP flows of one guest
   * @param udp UDP flows of the network
   * @param icmpPerGuest echo conversations of one guest
   * @param icmp echo conversations of the network
   * @param written the keys that the file has; the numbers of the others are defaults
   */
  public record Quotas(
      int tcpPerGuest,
      int tcp,
      int udpPerGuest,
      int udp,
      int icmpPerGuest,
      int icmp,
      Set<String> written) {
    /** Copies the keys. */
    public Quotas {
      written = Set.copyOf(written);
    }
  }
}
