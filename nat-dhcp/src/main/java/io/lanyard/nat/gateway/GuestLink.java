package io.lanyard.nat.gateway;

import io.lanyard.base.Timers;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.net.Address;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;

/**
 * The network as the protocol engines (TCP, UDP, ICMP, DHCP, DNS) see it: a loop, timers, and a way
 * to send an IP packet to a guest.
 *
 * <p>Thread: the network's loop only.
 */
public interface GuestLink {
  /**
   * Bytes that an engine leaves free at the start of a frame: the offload header and the Ethernet
   * header, which the link fills in.
   */
  int LINK_HEADROOM = OffloadHeader.LENGTH + 14;

  /**
   * The network's loop, on which host sockets are to be opened too.
   *
   * @return the loop
   */
  EventLoop loop();

  /**
   * The network's timers and clock.
   *
   * @return the timers
   */
  Timers timers();

  /**
   * Where frames are allocated.
   *
   * @return an allocator of direct, pooled buffers
   */
  ByteBufAllocator allocator();

  /**
   * The network's MTU.
   *
   * @return bytes of IP packet
   */
  int mtu();

  /**
   * The MTU on the way to a guest: the network's, or that of the port that the guest is behind,
   * where that is less. To be asked anew each time, as {@link Neighbour#charged}.
   *
   * @param guest the guest, by an entry that may have been forgotten
   * @return bytes of IP packet; the network's while nobody has answered for the guest's address. If
   *     its entry was forgotten and no other one made, the port is the one that it was behind last
   */
  default int mtuTowards(Neighbour guest) {
    return Math.min(mtu(), guest.charged().budget().mtu());
  }

  /**
   * Where the sockets of flows are bound.
   *
   * @return asked anew for each socket
   */
  default Outbound outbound() {
    return Outbound.ANY;
  }

  /**
   * The gateway's address, as a guest sees it.
   *
   * @param guest an address of the guest's
   * @return the gateway's address of the same family
   */
  Address addressTowards(Address guest);

  /**
   * The neighbour that has an address, for a packet to it.
   *
   * @param guest an address of the network that may be a guest's
   * @return the neighbour, perhaps one that nobody has answered for yet
   */
  Neighbour neighbour(Address guest);

  /**
   * The part of the loop's time for work that no port has to answer for, or none that is known yet.
   *
   * @return one turn for all of it
   */
  Turn unlocatedTurn();

  /**
   * The part of the loop's time for work that a port has caused.
   *
   * @param port the port's name
   * @return its turn; {@link #unlocatedTurn} if no port that is attached has the name
   */
  Turn turn(String port);

  /**
   * Sends an IP packet to a guest. Finds out where the guest is when that is not known; the packet
   * waits meanwhile in a short queue, or is dropped and counted.
   *
   * @param frame lent for the length of the call. Reader index at the offload header, which the
   *     engine has written (super-frames and unfinished checksums are welcome); 14 bytes for the
   *     Ethernet header, which the link writes; then the whole IP packet, header checksum included
   * @param guest the next hop
   */
  void send(ByteBuf frame, Neighbour guest);

  /** Ends a burst that did not come from the switch (a socket's): what was sent leaves now. */
  void flush();
}
