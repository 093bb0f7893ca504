package io.lanyard.nat.gateway;

import io.lanyard.base.Timers;
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
   * The gateway's IPv4 address.
   *
   * @return the address as a big-endian int
   */
  int gatewayAddress();

  /**
   * Sends an IPv4 packet to a guest. Finds the guest's MAC address by ARP when it is not known; the
   * packet waits meanwhile in a short queue, or is dropped and counted.
   *
   * @param frame lent for the length of the call. Reader index at the offload header, which the
   *     engine has written (super-frames and unfinished checksums are welcome); 14 bytes for the
   *     Ethernet header, which the link writes; then the whole IPv4 packet, header checksum
   *     included
   * @param guest the next hop's IPv4 address as a big-endian int; the limited broadcast address
   *     sends to everybody
   */
  void sendIpv4(ByteBuf frame, int guest);

  /**
   * Sends an IPv4 packet to a MAC address that the engine knows (DHCP to a client without address).
   *
   * @param frame as for {@link #sendIpv4}
   * @param mac the destination, in the low 48 bits
   */
  void sendIpv4To(ByteBuf frame, long mac);

  /** Ends a burst that did not come from the switch (a socket's): what was sent leaves now. */
  void flush();
}
