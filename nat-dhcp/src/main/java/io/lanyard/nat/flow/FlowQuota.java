package io.lanyard.nat.flow;

import io.lanyard.config.NatConfig;

/**
 * How many flows a guest, a port, and all ports of a network together may hold. Forwards have
 * places of their own beside these, as shares of the network's.
 *
 * <p>Enough, by default, for a busy build host or a browser farm (some thousand connections), and
 * for a resolver or a peer-to-peer client (more than ten thousand UDP flows); a guest that passes
 * them is broken or hostile.
 *
 * @param said the configuration's numbers
 * @param sockets the most sockets that the network can have: of protocols whose every flow has one,
 *     no more flows are promised. UDP flows share sockets, and are held to them as they begin
 */
public record FlowQuota(NatConfig.Quotas said, int sockets) {
  /** The most flows of all forwards of a network together: one part in so many of its quota. */
  public static final int FORWARDS_SHARE = 2;

  /** The most flows of one forward's TCP clients: one part in so many of the network's quota. */
  public static final int TCP_FORWARD_SHARE = 4;

  /**
   * The most flows of one forward's UDP clients, likewise: fewer, since each is a dynamic port of
   * the gateway's, of which there are 16,384.
   */
  public static final int UDP_FORWARD_SHARE = 8;

  /** The most flows of one client's address at a forward: one part in so many. */
  public static final int CLIENT_SHARE = 2;

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

  /**
   * The most flows of one guest, that is, of one station.
   *
   * @param protocol the IP protocol number
   * @return flows
   */
  public int perGuest(int protocol) {
    return switch (protocol) {
      case FlowKey.TCP -> Math.min(said.tcpPerGuest(), sockets);
      case FlowKey.UDP -> said.udpPerGuest();
      default -> Math.min(said.icmpPerGuest(), sockets);
    };
  }

  /**
   * One port's, whatever stations are behind it: half of the network's, so that a port which makes
   * up stations leaves the others as much as it takes; but not less than one guest's.
   */
  private int perPort(int protocol) {
    return Math.max(total(protocol) / 2, Math.min(perGuest(protocol), total(protocol)));
  }

  /**
   * The most flows of all ports together.
   *
   * @param protocol the IP protocol number
   * @return flows
   */
  public int total(int protocol) {
    return switch (protocol) {
      case FlowKey.TCP -> Math.min(said.tcp(), sockets);
      case FlowKey.UDP -> said.udp();
      default -> Math.min(said.icmp(), sockets);
    };
  }
}
