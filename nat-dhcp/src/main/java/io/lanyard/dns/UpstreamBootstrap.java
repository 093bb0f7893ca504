package io.lanyard.dns;

import io.lanyard.linux.ErrnoException;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.gateway.Outbound;
import io.lanyard.net.Address;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import java.net.InetSocketAddress;
import java.util.function.Consumer;

/** Connects to name servers over TCP, from where the network's flows leave. */
final class UpstreamBootstrap {
  private static final int CONNECT_TIMEOUT_MILLIS = 5_000;

  private UpstreamBootstrap() {}

  /**
   * Begins to connect.
   *
   * @param handlers adds what the channel needs to its pipeline
   */
  static ChannelFuture connect(
      GuestLink link, InetSocketAddress server, Consumer<Channel> handlers) {
    Outbound outbound = link.outbound();
    Address to = Address.of(server.getAddress());
    Address local = outbound.local(to);
    Bootstrap bootstrap =
        new Bootstrap()
            .group(link.loop())
            .channel(EpollSocketChannel.class)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
            .handler(
                new ChannelInitializer<EpollSocketChannel>() {
                  @Override
                  protected void initChannel(EpollSocketChannel made) throws ErrnoException {
                    outbound.hold(made.fd().intValue(), to);
                    handlers.accept(made);
                  }
                });
    return local.isAny()
        ? bootstrap.connect(server)
        : bootstrap.connect(server, new InetSocketAddress(local.toInetAddress(), 0));
  }
}
