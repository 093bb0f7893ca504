package io.lanyard.nat.flow;

/**
 * The key of a flow: two longs that hold the 5-tuple as the guest sees it.
 *
 * <p>High: the guest's address, then the remote one. Low: a bit for the family, protocol, the
 * guest's port, the remote port. An IPv4 address is itself; an IPv6 address will be the number
 * under which it is interned, with the family's bit set, so that the key does not grow. For ICMP
 * echo the guest's port is the identifier and the remote port 0.
 */
public final class FlowKey {
  /** ICMP (RFC 792). */
  public static final int ICMP = 1;

  /** TCP (RFC 9293). */
  public static final int TCP = 6;

  /** UDP (RFC 768). */
  public static final int UDP = 17;

  private FlowKey() {}

  /**
   * The first half of a key.
   *
   * @param guestAddress the guest's IPv4 address
   * @param remoteAddress the remote IPv4 address, as the guest sees it
   * @return both
   */
  public static long high(int guestAddress, int remoteAddress) {
    return (long) guestAddress << 32 | (remoteAddress & 0xffff_ffffL);
  }

  /**
   * The second half of a key.
   *
   * @param protocol the IP protocol number
   * @param guestPort the guest's port, or the identifier of its echo requests
   * @param remotePort the remote port
   * @return all three
   */
  public static long low(int protocol, int guestPort, int remotePort) {
    return (long) (protocol & 0xff) << 32 | (guestPort & 0xffffL) << 16 | (remotePort & 0xffffL);
  }
}
