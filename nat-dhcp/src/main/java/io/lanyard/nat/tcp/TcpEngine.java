package io.lanyard.nat.tcp;

import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.gateway.GuestLink;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/**
 * TCP for a network's guests: each connection is a real endpoint towards the guest, spliced to a
 * socket of the host or to a service of the gateway.
 *
 * <p>Thread: the network's loop only. No method throws because of what a guest or a peer sent.
 */
public interface TcpEngine {
  /**
   * Makes an engine.
   *
   * @param link the way to the guests
   * @param host where connections lead, and what reports errors to the guests
   * @param settings limits and times
   * @return an engine without connections
   */
  static TcpEngine create(GuestLink link, TcpHost host, TcpSettings settings) {
    return new Engine(link, host, settings, new SecureRandom());
  }

  /**
   * Takes a TCP segment from a guest. The gateway has checked the IPv4 header (version, lengths,
   * checksum) and that the packet is no fragment; the TCP part is checked here.
   *
   * @param frame lent for the length of the call: offload header at the reader index, Ethernet
   *     frame behind it; its indexes are unchanged on return. Payload that the host side cannot
   *     take at once is retained
   * @param ip index of the IPv4 header
   */
  void receive(ByteBuf frame, int ip);

  /** Ends a burst of {@link #receive}: acknowledgments and gathered writes leave now. */
  void flush();

  /**
   * Offers a service of the gateway itself.
   *
   * @param address the address that guests connect to, as a big-endian int
   * @param port the port that guests connect to
   * @param service what takes the connections
   */
  void serve(int address, int port, StreamService service);

  /**
   * Opens a connection to a guest for a connection that a forward has accepted, and splices the
   * two. When the guest refuses, the accepted channel is reset.
   *
   * @param accepted a stream socket registered with the network's loop, autoRead off, its pipeline
   *     empty; the engine owns it from here on
   * @param source the address that the guest sees, as a big-endian int
   * @param sourcePort the port that the guest sees; 0 lets the engine choose one
   * @param guest the guest's address as a big-endian int
   * @param port the guest's port
   * @return the connection's flow, for the forward to name and to follow; null when there was no
   *     place for it and the accepted channel has been reset
   */
  @Nullable Flow connectToGuest(Channel accepted, int source, int sourcePort, int guest, int port);

  /**
   * Takes an ICMP error that a guest sent about a segment of ours (RFC 1122 section 4.2.3.9, RFC
   * 5927 section 4: the quoted sequence number must be one in flight).
   *
   * @param frame lent for the length of the call
   * @param quoted index of the quoted IPv4 header, of which at least 28 bytes are there
   * @param code the code of the "destination unreachable" message
   */
  void unreachable(ByteBuf frame, int quoted, int code);

  /**
   * Resets all connections of a guest.
   *
   * @param guest the guest's address as a big-endian int
   */
  void abortGuest(int guest);

  /**
   * What happened so far.
   *
   * @return the live object, written by the loop
   */
  TcpCounters counters();

  /**
   * Says how many connections there are, TIME-WAIT included.
   *
   * @return connections
   */
  int connections();

  /** Resets every connection, on both sides, and gives back what the engine holds. */
  void close();
}
