package io.lanyard.nat.flow;

/**
 * How many flows a guest, a port, and all ports of a network together may hold.
 *
 * @param tcpPerGuest TCP connections of one guest
 * @param tcp TCP connections of the network
 * @param udpPerGuest UDP flows of one guest
 * @param udp UDP flows of the network
 * @param icmpPerGuest echo conversations of one guest
 * @param icmp echo conversations of the network
 */
public record FlowQuota(
    int tcpPerGuest, int tcp, int udpPerGuest, int udp, int icmpPerGuest, int icmp) {
  /**
   * Enough for a busy build host or a browser farm (some thousand connections), and for a resolver
   * or a peer-to-peer client (more than ten thousand UDP flows); a guest that passes them is broken
   * or hostile.
   */
  public static final FlowQuota DEFAULT = new FlowQuota(4096, 16384, 16384, 65536, 128, 1024);

  /** Checks that nothing is negative. */
  public FlowQuota {
    if (tcpPerGuest < 0 || tcp < 0 || udpPerGuest < 0 || udp < 0 || icmpPerGuest < 0 || icmp < 0) {
      throw new IllegalArgumentException("a flow quota is negative");
    }
  }

  /** One guest's, that is, one station's. */
  int perGuest(int protocol) {
    return switch (protocol) {
      case FlowKey.TCP -> tcpPerGuest;
      case FlowKey.UDP -> udpPerGuest;
      default -> icmpPerGuest;
    };
  }

  /**
   * One port's, whatever stations are behind it: half of the network's, so that a port which makes
   * up stations leaves the others as much as it takes; but not less than one guest's.
   */
  int perPort(int protocol) {
    return Math.max(total(protocol) / 2, Math.min(perGuest(protocol), total(protocol)));
  }

  int total(int protocol) {
    return switch (protocol) {
      case FlowKey.TCP -> tcp;
      case FlowKey.UDP -> udp;
      default -> icmp;
    };
  }
}
