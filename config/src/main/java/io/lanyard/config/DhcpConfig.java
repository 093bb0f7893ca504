package io.lanyard.config;

import java.time.Duration;
import java.util.List;

/**
 * A network's DHCP server.
 *
 * @param enabled whether there is one
 * @param leaseTime what a client gets that asks for nothing
 * @param minLeaseTime the least that a client gets
 * @param maxLeaseTime the most that a client gets
 * @param reservations addresses kept for known clients
 * @param options options sent besides those that the server makes itself
 */
public record DhcpConfig(
    boolean enabled,
    Duration leaseTime,
    Duration minLeaseTime,
    Duration maxLeaseTime,
    List<ReservationConfig> reservations,
    List<DhcpOptionConfig> options) {
  /** Copies the lists. */
  public DhcpConfig {
    reservations = List.copyOf(reservations);
    options = List.copyOf(options);
  }
}
