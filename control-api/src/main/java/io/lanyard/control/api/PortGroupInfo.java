package io.lanyard.control.api;

import java.util.List;

/**
 * A port group of a network: {@code GET /v1/port-groups}.
 *
 * @param network its network
 * @param name its name, unique in the network
 * @param ports the ports that name it, of guests' NICs too, whether or not they are there
 */
public record PortGroupInfo(String network, String name, List<String> ports) {
  /** Copies the list. */
  public PortGroupInfo {
    ports = List.copyOf(ports);
  }
}
