package io.lanyard.control.api;

import java.util.List;

/**
 * A network: {@code GET /v1/networks}.
 *
 * @param name its name
 * @param mode nat, host-only, bridged or isolated
 * @param state {@code running}, or {@code failed} if it could not be built at all
 * @param subnet its IPv4 subnet, or empty
 * @param gateway the gateway's IPv4 address, or empty
 * @param ipv6Subnet its IPv6 subnet, said or derived, or empty
 * @param ipv6Gateway the gateway's IPv6 address in it, or empty
 * @param mtu bytes of IP packet
 * @param hostAdapter the host adapter's device, or empty
 * @param hostServices what of the host its guests reach at the host's address on it, in words, or
 *     empty for nothing
 * @param nat64Prefixes the prefixes by which translators of the host's network stand for IPv4
 *     addresses, as the configuration or name servers say them
 * @param ports how many ports its switch has
 * @param leases how many leases are held
 * @param flows how many flows there are
 * @param busiest the ports that take most of its loop at present, the busiest first; empty where
 *     nothing is busy
 * @param problems what of it does not run, and warnings of what runs but does not reach everything,
 *     in words
 */
public record NetworkInfo(
    String name,
    String mode,
    String state,
    String subnet,
    String gateway,
    String ipv6Subnet,
    String ipv6Gateway,
    int mtu,
    String hostAdapter,
    String hostServices,
    List<String> nat64Prefixes,
    int ports,
    int leases,
    int flows,
    List<PortLoad> busiest,
    List<String> problems) {
  /** Copies the lists. */
  public NetworkInfo {
    nat64Prefixes = List.copyOf(nat64Prefixes);
    busiest = List.copyOf(busiest);
    problems = List.copyOf(problems);
  }
}
