package io.lanyard.control.api;

import java.util.List;

/**
 * An interface of the host that a bridged network might have as its uplink: {@code GET
 * /v1/uplinks}.
 *
 * @param name its name
 * @param addresses its addresses of both families, with their prefix lengths
 * @param mac its MAC address; empty for one that is no Ethernet interface
 * @param mtu the largest IP packet, in bytes
 * @param link {@code up}, {@code no-link} while nothing is at its other end, or {@code down}
 * @param speed its speed in Mbit/s; 0 if it does not say
 * @param wireless whether it is a radio
 * @param isDefault whether it is the one that {@code interface: auto} takes
 * @param drivers the drivers that can carry its frames: {@code packet}, {@code pcap}
 * @param usable whether a bridged network can have it now
 * @param problem why not, or what is to be known, with the remedy; empty if there is nothing to say
 */
public record UplinkInfo(
    String name,
    List<String> addresses,
    String mac,
    int mtu,
    String link,
    int speed,
    boolean wireless,
    boolean isDefault,
    List<String> drivers,
    boolean usable,
    String problem) {
  /** Copies the lists. */
  public UplinkInfo {
    addresses = List.copyOf(addresses);
    drivers = List.copyOf(drivers);
  }
}
