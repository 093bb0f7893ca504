package io.lanyard.control.api;

import java.util.List;

/**
 * A station behind a port.
 *
 * @param mac its MAC address
 * @param vlan the VLAN that it was heard in; 0 for frames without a tag
 * @param addresses its IP addresses, as far as the gateway knows them
 * @param hostname what it calls itself in its lease, or empty
 */
public record StationInfo(String mac, int vlan, List<String> addresses, String hostname) {
  /** Copies the list. */
  public StationInfo {
    addresses = List.copyOf(addresses);
  }
}
