package io.lanyard.daemon.network;

import io.lanyard.nat.flow.FlowKey;
import io.lanyard.net.Address;
import org.jspecify.annotations.Nullable;

/**
 * A flow of which somebody wants to know what would become of it.
 *
 * @param inward whether it comes in by a forward: then the address is the client's, and the service
 *     the guest's
 * @param name the name that the guest would ask for, in lower case; empty where an address is given
 * @param address the destination; null where a name is given
 * @param protocol the IP protocol number: one of the constants of {@link FlowKey}
 * @param service the destination's port; 0 for ICMP
 */
public record EgressQuestion(
    boolean inward, String name, @Nullable Address address, int protocol, int service) {
  /** The service as the configuration writes it. */
  String text() {
    return switch (protocol) {
      case FlowKey.TCP -> "tcp/" + service;
      case FlowKey.UDP -> "udp/" + service;
      default -> "icmp";
    };
  }
}
