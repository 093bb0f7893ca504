package io.lanyard.nat.egress;

import io.lanyard.nat.flow.FlowKey;

/** The services by which names are asked for without the network's own name server. */
public final class NameServices {
  /** DNS itself, over UDP and TCP. */
  public static final int DNS = 53;

  /** DNS over TLS (RFC 7858) and over QUIC (RFC 9250). */
  private static final int ENCRYPTED = 853;

  private static final int MULTICAST_DNS = 5353; // RFC 6762
  private static final int LLMNR = 5355; // RFC 4795
  private static final int NETBIOS = 137; // RFC 1002

  private NameServices() {}

  /**
   * Whether a service is one of these.
   *
   * @param protocol the IP protocol number
   * @param port the port
   * @return true if names are asked for there, by the port's assignment
   */
  public static boolean isOne(int protocol, int port) {
    return switch (port) {
      case DNS, ENCRYPTED, LLMNR -> protocol == FlowKey.TCP || protocol == FlowKey.UDP;
      case MULTICAST_DNS, NETBIOS -> protocol == FlowKey.UDP;
      default -> false;
    };
  }
}
