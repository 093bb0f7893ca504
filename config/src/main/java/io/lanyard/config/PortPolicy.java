package io.lanyard.config;

import io.lanyard.net.Subnet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The policy of a port, or of a guest's NIC, on its network.
 *
 * @param guard its guard, or null for the network's
 * @param isolated whether it reaches the gateway alone, and neither the host adapter nor another
 *     port
 * @param macLimit the most MAC addresses behind it, or null for the usual number
 * @param addresses what it may use besides leases and reservations of its own
 */
public record PortPolicy(
    @Nullable GuardMode guard,
    boolean isolated,
    @Nullable Integer macLimit,
    List<Subnet> addresses) {
  /** Nothing is said of the port. */
  public static final PortPolicy DEFAULT = new PortPolicy(null, false, null, List.of());

  /** Copies the list. */
  public PortPolicy {
    addresses = List.copyOf(addresses);
  }
}
