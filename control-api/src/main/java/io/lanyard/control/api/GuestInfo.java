package io.lanyard.control.api;

import java.util.List;

/**
 * A guest: {@code GET /v1/guests}.
 *
 * @param name its name
 * @param vmm the VMM that runs it
 * @param state created, running, paused, stopped or failed
 * @param reason why it is in that state, or empty
 * @param memory bytes of RAM
 * @param harts how many processors
 * @param processorSeconds processor time that it has used
 * @param instructions instructions retired, or -1 where the VMM does not count
 * @param nics its NICs
 */
public record GuestInfo(
    String name,
    String vmm,
    String state,
    String reason,
    long memory,
    int harts,
    double processorSeconds,
    long instructions,
    List<NicInfo> nics) {
  /** Copies the list. */
  public GuestInfo {
    nics = List.copyOf(nics);
  }

  /**
   * A NIC.
   *
   * @param name its name
   * @param network the network that it is attached to
   * @param mac its address
   * @param address the IPv4 address that its lease gives it; empty without one, or while the guest
   *     is off
   */
  public record NicInfo(String name, String network, String mac, String address) {}
}
