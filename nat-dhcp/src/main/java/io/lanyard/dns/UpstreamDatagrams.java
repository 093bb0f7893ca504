package io.lanyard.dns;

import io.lanyard.base.Counters;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.linux.DatagramEnds;
import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.InetDatagram;
import io.lanyard.linux.SocketError;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.gateway.Outbound;
import io.lanyard.nat.udp.HostReader;
import io.lanyard.nat.udp.HostSocket;
import io.lanyard.net.Address;
import io.lanyard.vswitch.Turn;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Sockets for queries over UDP: one for each, so that each has a port of its own that the host
 * chooses at random (RFC 5452 section 9.2).
 *
 * <p>Thread: the network's loop only. What comes for a query is charged to the port that asked.
 */
final class UpstreamDatagrams implements AutoCloseable {
  private final GuestLink link;
  private final Counters<DnsCount> counters;
  private final DescriptorBudget.Holder descriptors;

  /** Made for the first query: most networks' tests, and quiet networks, have none. */
  private @Nullable HostReader reader;

  UpstreamDatagrams(
      GuestLink link, Counters<DnsCount> counters, DescriptorBudget.Holder descriptors) {
    this.link = link;
    this.counters = counters;
    this.descriptors = descriptors;
  }

  /**
   * Sends a query by a socket of its own.
   *
   * @param turn the turn of the port that asked
   * @param server the server's address and port
   * @param query the message
   * @param listener hears of the server's messages, and of the errors that the host knows
   * @return the socket; null if it could not be opened or the query not be sent, and the descriptor
   *     that was taken for it is given back
   */
  @Nullable UpstreamSocket send(
      Turn turn, InetSocketAddress server, byte[] query, UpstreamSocket.Listener listener) {
    HostReader present = reader;
    if (present == null) {
      present = new HostReader(link.allocator(), link.mtu());
      reader = present;
    }
    Address address = Address.of(server.getAddress());
    int scope = server.getAddress() instanceof Inet6Address six ? six.getScopeId() : 0;
    DatagramEnds ends = DatagramEnds.to(address, server.getPort(), scope);
    Query socket = new Query(turn, ends, listener);
    try {
      Outbound outbound = link.outbound();
      InetDatagram bound = outbound.hold(InetDatagram.udp(outbound.local(address), 0), address);
      socket.socket = HostSocket.watch(link, bound, present, socket, descriptors);
    } catch (IOException e) {
      if (e instanceof ErrnoException errno && Errno.isDescriptorLimit(errno.number())) {
        descriptors.kernelRefused();
      }
      descriptors.giveBack();
      return null;
    }
    ByteBuf message = Unpooled.wrappedBuffer(query);
    if (present.send(socket.socket.socket(), message, 0, query.length, ends) < 0) {
      socket.close();
      return null;
    }
    return socket;
  }

  /** Gives back what sockets are read into; all of them are closed. */
  @Override
  public void close() {
    HostReader present = reader;
    if (present != null) {
      present.close();
    }
  }

  /** One query's socket. */
  private final class Query implements UpstreamSocket, HostReader.Receiver {
    private final Turn turn;
    private final DatagramEnds server;
    private final Listener listener;
    private @Nullable HostSocket socket;

    Query(Turn turn, DatagramEnds server, Listener listener) {
      this.turn = turn;
      this.server = server;
      this.listener = listener;
    }

    @Override
    public Turn turn() {
      return turn;
    }

    @Override
    public void datagrams(ByteBuf frame, int size, DatagramEnds ends) {
      if (!isServer(ends)) {
        counters.count(DnsCount.UPSTREAM_MISMATCH);
        return;
      }
      int end = frame.writerIndex();
      for (int at = HostReader.PAYLOAD; at < end; at += size) {
        listener.received(ByteBufUtil.getBytes(frame, at, Math.min(size, end - at)));
      }
    }

    /** An ICMP error, "port unreachable" most of all: nobody listens there. */
    @Override
    public void error(SocketError error, ByteBuf head) {
      if (isServer(error.ends())) {
        listener.failed();
      }
    }

    /** Only whom was asked may answer (RFC 5452 section 9.1). */
    private boolean isServer(DatagramEnds ends) {
      return ends.remoteLow() == server.remoteLow()
          && ends.remoteHigh() == server.remoteHigh()
          && ends.remotePort() == server.remotePort();
    }

    @Override
    public void close() {
      HostSocket open = socket;
      socket = null;
      if (open != null) {
        open.close();
      }
    }
  }
}
