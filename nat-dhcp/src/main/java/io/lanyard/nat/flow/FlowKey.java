package io.lanyard.nat.flow;

import io.lanyard.net.Address;

/**
 * The 5-tuple of a flow as the guest sees it: a question to the {@link FlowTable}. Reusable, so
 * that a lookup for a packet allocates nothing.
 *
 * <p>For ICMP echo the guest's port is the identifier and the remote port 0.
 *
 * <p>Thread: the network's loop only.
 */
public final class FlowKey {
  /** ICMP (RFC 792). */
  public static final int ICMP = 1;

  /** TCP (RFC 9293). */
  public static final int TCP = 6;

  /** UDP (RFC 768). */
  public static final int UDP = 17;

  int protocol;
  long guestHigh;
  long guestLow;
  int guestPort;
  long remoteHigh;
  long remoteLow;
  int remotePort;

  /**
   * Makes a key.
   *
   * @param protocol the IP protocol number: one of the constants here
   */
  public FlowKey(int protocol) {
    this.protocol = protocol;
  }

  /**
   * Sets the guest's end.
   *
   * @param high the upper long of its address
   * @param low the lower long of its address
   * @param port its port, or the identifier of its echo requests
   * @return this
   */
  public FlowKey guest(long high, long low, int port) {
    guestHigh = high;
    guestLow = low;
    guestPort = port;
    return this;
  }

  /**
   * Sets the guest's end.
   *
   * @param address its address
   * @param port its port, or the identifier of its echo requests
   * @return this
   */
  public FlowKey guest(Address address, int port) {
    return guest(address.high(), address.low(), port);
  }

  /**
   * Sets the remote end.
   *
   * @param high the upper long of its address
   * @param low the lower long of its address
   * @param port its port; 0 for ICMP
   * @return this
   */
  public FlowKey remote(long high, long low, int port) {
    remoteHigh = high;
    remoteLow = low;
    remotePort = port;
    return this;
  }

  /**
   * Sets the remote end.
   *
   * @param address its address
   * @param port its port; 0 for ICMP
   * @return this
   */
  public FlowKey remote(Address address, int port) {
    return remote(address.high(), address.low(), port);
  }
}
