package io.lanyard.nat.forward;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.config.ForwardConfig;
import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import io.lanyard.nat.egress.PublishedPorts;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.FlowTable;
import io.lanyard.nat.forward.ForwardClients.Client;
import io.lanyard.nat.gateway.Egress;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.tcp.TcpEngine;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.AcceptFailures;
import io.lanyard.vswitch.LoopOutcome;
import io.lanyard.vswitch.Turn;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollServerSocketChannel;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** The host's side of a TCP forward. */
final class TcpListener extends Listener {
  /** As somaxconn since Linux 5.4: bursts of connections wait, they are not refused. */
  private static final int BACKLOG = 4096;

  private final GuestLink link;
  private final TcpEngine engine;
  private final DescriptorBudget.Holder descriptors;
  private final PublishedPorts published;
  private final AcceptFailures.Listener accepting;
  private @Nullable Channel server;
  private int publishedPort;

  /**
   * Makes a forward that does not listen.
   *
   * @param flows the network's flow table
   * @param egress says who may come in
   * @param descriptors has to answer for the sockets of the port and of its connections
   * @param published hears of the host's port that is open
   * @param accepting told when it cannot accept
   */
  TcpListener(
      ForwardConfig forward,
      GuestAddresses guests,
      GuestLink link,
      TcpEngine engine,
      FlowTable flows,
      Egress egress,
      DescriptorBudget.Holder descriptors,
      PublishedPorts published,
      AcceptFailures.Listener accepting) {
    super(forward, guests, flows, egress, link.timers());
    this.link = link;
    this.engine = engine;
    this.descriptors = descriptors;
    this.published = published;
    this.accepting = accepting;
  }

  @Override
  void open(Opening opening) {
    if (!descriptors.take()) {
      opening.failed(new ErrnoException("open a listening socket", Errno.EMFILE));
      return;
    }
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(link.loop())
            .channel(EpollServerSocketChannel.class)
            .handler(new AcceptFailures(accepting))
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.AUTO_READ, false)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childHandler(new Accepted());
    ChannelFuture bound = bootstrap.bind(forward().listen().toSocketAddress());
    server = bound.channel();
    // Bound by a task on this very loop: a failure comes after this call.
    LoopOutcome.hear(bound, link.loop(), done -> bound(done, opening));
  }

  private void bound(ChannelFuture bound, Opening opening) {
    if (!bound.channel().equals(server)) {
      return; // it is closed
    }
    Throwable cause = bound.cause();
    if (cause == null) {
      publishedPort = port();
      published.add(FlowKey.TCP, forward().listen().address(), publishedPort);
      opening.opened();
    } else {
      server = null;
      descriptors.giveBack();
      opening.failed(cause);
    }
  }

  @Override
  void close() {
    Channel open = server;
    server = null;
    if (publishedPort != 0) {
      published.remove(FlowKey.TCP, forward().listen().address(), publishedPort);
      publishedPort = 0;
    }
    if (open != null) {
      open.unsafe().close(open.voidPromise());
      descriptors.giveBack();
    }
  }

  @Override
  int port() {
    Channel open = server;
    return open != null && open.localAddress() instanceof InetSocketAddress address
        ? address.getPort()
        : forward().listen().port();
  }

  /** Charged to the port of the guest, as far as that is known. */
  private void accept(Channel connection) {
    Address address = guest();
    Neighbour guest = address == null ? null : link.neighbour(address);
    Turn turn = guest == null ? link.unlocatedTurn() : guest.turn();
    turn.charge(() -> accept(connection, guest));
  }

  private void accept(Channel connection, @Nullable Neighbour guest) {
    Flow flow = null;
    if (guest != null && connection.remoteAddress() instanceof InetSocketAddress from) {
      Address whose = Address.of(from.getAddress());
      Client client = clients.at(whose);
      Endpoint source = new Endpoint(link.addressTowards(guest.address()), 0);
      flow =
          admits(whose, guest)
              ? engine.connectToGuest(
                  connection, source, guest, forward().to().port(), client.account(), descriptors)
              : null;
      if (flow != null) {
        accepted(flow, whose, client, guest);
      }
      served(client);
    }
    if (flow == null) {
      refused();
      if (connection.isOpen()) {
        connection.config().setOption(ChannelOption.SO_LINGER, 0);
        connection.unsafe().close(connection.voidPromise());
      }
    }
    link.flush();
  }

  /** Takes itself out of a new connection's pipeline, which the engine wants empty. */
  @io.netty.channel.ChannelHandler.Sharable
  private final class Accepted extends ChannelInboundHandlerAdapter {
    @Override
    public void channelActive(ChannelHandlerContext context) {
      context.pipeline().remove(this);
      accept(context.channel());
    }
  }
}
