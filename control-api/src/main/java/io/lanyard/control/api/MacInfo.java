package io.lanyard.control.api;

import java.util.List;

/**
 * A MAC address that a network's switch knows: {@code GET /v1/macs}.
 *
 * @param network its network
 * @param mac the address
 * @param vlan the VLAN that it was heard in; 0 for frames without a tag
 * @param port the port where it is
 * @param hold how firmly it is there: learned from its frames, held by a guarded port that has
 *     learned it, or pinned by the daemon, in all VLANs
 * @param ageSeconds since its last frame, or since it was pinned
 * @param addresses its IP addresses, as far as the gateway knows them
 */
public record MacInfo(
    String network,
    String mac,
    int vlan,
    String port,
    String hold,
    long ageSeconds,
    List<String> addresses) {
  /** Copies the list. */
  public MacInfo {
    addresses = List.copyOf(addresses);
  }
}
