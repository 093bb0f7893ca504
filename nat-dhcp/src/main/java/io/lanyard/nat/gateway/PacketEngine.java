package io.lanyard.nat.gateway;

import io.lanyard.nat.station.Neighbour;

/**
 * Takes the packets of one protocol that the gateway does not answer itself: TCP, UDP, ICMP echo.
 *
 * <p>Thread: the network's loop only. No method throws because of what a guest sent.
 */
public interface PacketEngine {
  /**
   * Takes a packet from a guest. The gateway has checked the IP header, that the source may be a
   * guest and that the destination may be reached; of UDP and ICMP also the lengths and the
   * checksum, while TCP checks its own.
   *
   * @param packet lent for the length of the call
   */
  void receive(Packet packet);

  /** Ends a burst of {@link #receive}: what was put off until then is done now. */
  default void flush() {}

  /**
   * Takes an ICMP "destination unreachable" that a guest sent about a packet from the gateway. An
   * engine without use for it leaves it; the gateway has counted it.
   *
   * @param quoted lent for the length of the call: the quoted packet, whose source is the remote
   *     end and whose destination the guest; of its transport, only the first eight bytes are there
   */
  default void unreachable(Packet quoted) {}

  /**
   * Hears that nobody answers for a guest's address: what waited for it has been dropped, and what
   * is being opened to it will not open.
   *
   * @param guest the neighbour
   */
  default void unanswered(Neighbour guest) {}
}
