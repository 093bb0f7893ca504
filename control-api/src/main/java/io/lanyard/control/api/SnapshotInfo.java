package io.lanyard.control.api;

import java.util.List;

/**
 * All that there is at one moment; the events that follow tell what changes.
 *
 * @param networks the networks
 * @param ports their ports
 * @param leases their leases
 * @param forwards their forwards
 * @param guests the guests
 * @param problems the present problems
 */
public record SnapshotInfo(
    List<NetworkInfo> networks,
    List<PortInfo> ports,
    List<LeaseInfo> leases,
    List<ForwardInfo> forwards,
    List<GuestInfo> guests,
    List<String> problems) {
  /** Copies the lists. */
  public SnapshotInfo {
    networks = List.copyOf(networks);
    ports = List.copyOf(ports);
    leases = List.copyOf(leases);
    forwards = List.copyOf(forwards);
    guests = List.copyOf(guests);
    problems = List.copyOf(problems);
  }
}
