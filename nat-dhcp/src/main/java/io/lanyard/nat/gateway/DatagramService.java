package io.lanyard.nat.gateway;

import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;

/**
 * A service that the gateway itself offers over UDP: DHCP, DNS.
 *
 * <p>Thread: the network's loop only.
 */
@FunctionalInterface
public interface DatagramService {
  /**
   * Takes a datagram that a guest sent to the service's port.
   *
   * @param payload lent for the length of the call: the UDP payload between reader and writer index
   * @param from who sent it, and the way to answer; may be kept and answered later, on the loop
   */
  void receive(ByteBuf payload, DatagramPeer from);

  /** Where a datagram came from. Immutable, except that answering sends. */
  interface DatagramPeer {
    /**
     * The station that sent the datagram. Its {@link Station#budget} is that of the port which the
     * datagram came in by: the key of every quota.
     *
     * @return the station
     */
    Station station();

    /**
     * The sender's MAC address.
     *
     * @return the address in the low 48 bits
     */
    long mac();

    /**
     * The sender's IP address.
     *
     * @return the address; the unspecified one for a client without address
     */
    Address address();

    /**
     * Whether it was sent to a group of IPv6, and not to an address of the gateway.
     *
     * @return true for a multicast
     */
    boolean toGroup();

    /**
     * Answers from the port and address that the datagram was sent to, or the gateway's address
     * where it was a broadcast, to where it came from.
     *
     * @param payload the UDP payload; released by this call
     */
    void answer(ByteBuf payload);

    /**
     * Answers to another destination than the sender's (DHCP, RFC 2131 section 4.1), behind the
     * sender's port: no other port gets the answer, a broadcast neither.
     *
     * @param payload the UDP payload; released by this call
     * @param mac the destination's MAC address
     * @param address the destination's IP address
     * @param port the destination's port
     */
    void answer(ByteBuf payload, long mac, Address address, int port);
  }
}
