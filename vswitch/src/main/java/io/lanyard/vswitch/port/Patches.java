package io.lanyard.vswitch.port;

import java.util.HashMap;
import java.util.Map;

/**
 * The patch ports of all networks of a process, which find their other ends here.
 *
 * <p>Thread: any.
 */
public final class Patches {
  private record End(String network, String port) {}

  private final Map<End, PatchPort> ends = new HashMap<>();

  /** Makes an empty table. */
  public Patches() {}

  /**
   * Adds a port that has started, and joins it with its other end if that is there and names it.
   *
   * @param at the port's network
   * @param port the port
   * @param network the network of the other end
   * @param peer the other end's name
   */
  synchronized void add(String at, PatchPort port, String network, String peer) {
    ends.put(new End(at, port.name()), port);
    PatchPort other = ends.get(new End(network, peer));
    if (other != null && other != port && other.leadsTo(at, port.name())) {
      port.join(other);
      other.join(port);
    }
  }

  /** Removes a port that was closed, and parts it from its other end. */
  synchronized void remove(String at, PatchPort port, String network, String peer) {
    if (ends.remove(new End(at, port.name()), port)) {
      PatchPort other = ends.get(new End(network, peer));
      if (other != null) {
        other.part(port);
      }
    }
  }
}
