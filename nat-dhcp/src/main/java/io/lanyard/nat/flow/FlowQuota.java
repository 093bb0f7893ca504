package io.lanyard.nat.flow;

/**
 * How many flows a guest, a port, and all ports of a network together may hold. Forwards have
 * places of their own beside these, as shares of the network's.
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

  /** The most flows of all forwards of a network together: one part in so many of its quota. */
  static final int FORWARDS_SHARE = 2;

  /** The most flows of one forward's TCP clients: one part in so many of the network's quota. */
  static final int TCP_FORWARD_SHARE = 4;

  /**
   * The most flows of one forward's UDP clients, likewise: fewer, since each is a dynamic port of
   * the gateway's, of which there are 16,384.
   */
  static final int UDP_FORWARD_SHARE = 8;

  /** The most flows of one client's address at a forward: one part in so many. */
  static final int CLIENT_SHARE = 2;

  /**
   * The most flows of an account of an owner: a station of a port, a client of a forward.
   *
   * @param owner the owner
   * @param protocol the IP protocol number
   * @return flows
   */
  public int perAccount(FlowOwner owner, int protocol) {
    return owner.isForward() ? share(perOwner(owner, protocol), CLIENT_SHARE) : perGuest(protocol);
  }

  /**
   * The most flows of an owner: a port, or a forward.
   *
   * @param owner the owner
   * @param protocol the IP protocol number
   * @return flows
   */
  public int perOwner(FlowOwner owner, int protocol) {
    if (!owner.isForward()) {
      return perPort(protocol);
    }
    return share(total(protocol), protocol == FlowKey.TCP ? TCP_FORWARD_SHARE : UDP_FORWARD_SHARE);
  }

  /** The most flows of all owners of a kind together. */
  int perKind(boolean forwards, int protocol) {
    return forwards ? share(total(protocol), FORWARDS_SHARE) : total(protocol);
  }

  /** A part of a quota, but a place at least where there is one. */
  private static int share(int quota, int parts) {
    return Math.min(quota, Math.max(1, quota / parts));
  }

  /** One guest's, that is, one station's. */
  private int perGuest(int protocol) {
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
  private int perPort(int protocol) {
    return Math.max(total(protocol) / 2, Math.min(perGuest(protocol), total(protocol)));
  }

  private int total(int protocol) {
    return switch (protocol) {
      case FlowKey.TCP -> tcp;
      case FlowKey.UDP -> udp;
      default -> icmp;
    };
  }
}
