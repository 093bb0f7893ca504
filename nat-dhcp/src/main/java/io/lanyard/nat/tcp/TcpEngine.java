package io.lanyard.nat.tcp;

import io.lanyard.base.Counters;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.config.NatConfig;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowAccount;
import io.lanyard.nat.flow.FlowOwner;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.gateway.PacketEngine;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.net.Endpoint;
import io.netty.channel.unix.Socket;
import java.security.SecureRandom;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * TCP for a network's guests: each connection is a real endpoint towards the guest, spliced to a
 * socket of the host or to a service of the gateway.
 *
 * <p>Payload of a received frame that the host side cannot take at once is retained. Of ICMP errors
 * only those about a segment in flight count (RFC 5927 section 4), and they end a connection only
 * while it is being opened (RFC 1122 section 4.2.3.9); so does a guest that ARP does not find.
 *
 * <p>Thread: the network's loop only. No method throws because of what a guest or a peer sent.
 */
public interface TcpEngine extends PacketEngine {
  /**
   * Makes an engine.
   *
   * @param link the way to the guests
   * @param host where connections lead, and what reports errors to the guests
   * @param timeouts when idle connections end
   * @param memory what connections draw their buffers from
   * @return an engine without connections
   */
  static TcpEngine create(
      GuestLink link, TcpHost host, NatConfig.Timeouts timeouts, MemoryPool memory) {
    return new Engine(link, host, timeouts, memory, TcpBuffers.USUAL, new SecureRandom());
  }

  /**
   * Takes other timeouts. Connections that are there have them from now on too; only what is
   * connecting to its far end keeps the time that it was given.
   *
   * @param timeouts when idle connections end
   */
  void configure(NatConfig.Timeouts timeouts);

  /**
   * Offers a service of the gateway itself.
   *
   * @param endpoint what guests connect to
   * @param service what takes the connections
   */
  void serve(Endpoint endpoint, StreamService service);

  /**
   * Ends what {@link #serve} began. Connections to the service live on.
   *
   * @param endpoint what guests connected to
   */
  void withdraw(Endpoint endpoint);

  /**
   * Opens a connection to a guest for a connection that a forward has accepted, and splices the
   * two. When the guest refuses, the accepted socket is reset.
   *
   * @param accepted a stream socket that does not block and that no loop watches; the engine owns
   *     it from here on
   * @param source the client that the guest sees, of the guest's family; port 0 lets the engine
   *     choose one
   * @param guest the guest
   * @param port the guest's port
   * @param account who has to answer for the flow
   * @param descriptors who has to answer for its socket
   * @return the connection's flow, for the forward to name and to follow; null when there was no
   *     place for it and the accepted socket has been reset
   */
  @Nullable Flow connectToGuest(
      Socket accepted,
      Endpoint source,
      Neighbour guest,
      int port,
      FlowAccount account,
      DescriptorBudget.Holder descriptors);

  /**
   * Resets a connection that a forward has accepted and nobody takes.
   *
   * @param accepted a socket as for {@link #connectToGuest}; nothing happens if it is closed
   */
  static void refuse(Socket accepted) {
    SocketStream.refuse(accepted);
  }

  /**
   * The engine's counters.
   *
   * @return the live object, written by the loop
   */
  Counters<TcpCount> counters();

  /**
   * The number of connections, TIME-WAIT included.
   *
   * @return connections
   */
  int connections();

  /**
   * The memory that the connections draw on.
   *
   * @return the pool that the engine was made with
   */
  MemoryPool memoryPool();

  /**
   * The pool's memory that the connections of the network hold.
   *
   * @return bytes; any thread may ask, and is told a frame late
   */
  long memoryBytes();

  /**
   * The ports and forwards that hold all the memory that they get, so that their connections are
   * slow until they are read, or end.
   *
   * @return the owners of flows that hold it, also those that are gone and whose connections live
   */
  List<FlowOwner> lackMemory();

  /**
   * Whether a port or forward is one of {@link #lackMemory}.
   *
   * @param owner the owner of its flows
   * @return false if its connections get more
   */
  boolean lacksMemory(FlowOwner owner);

  /** Resets every connection, on both sides, and gives back what the engine holds. */
  void close();
}
