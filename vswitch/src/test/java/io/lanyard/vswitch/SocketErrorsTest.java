package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SocketErrorsTest {
  @Test
  void aFailureOfNettyHasItsNumber() throws Exception {
    var group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Throwable cause =
          new ServerBootstrap()
              .group(group)
              .channel(EpollServerSocketChannel.class)
              .childHandler(new ChannelInboundHandlerAdapter())
              .bind(taken.getLocalSocketAddress())
              .awaitUninterruptibly()
              .cause();
      assertThat(SocketErrors.number(cause)).isEqualTo(Errno.EADDRINUSE);
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }
  }

  @Test
  void theNumberOfACauseIsFoundAndNoneIsZero() {
    IOException deep =
        new IOException("cannot listen", new ErrnoException("bind", Errno.EADDRNOTAVAIL));
    assertThat(SocketErrors.number(new IOException(deep))).isEqualTo(Errno.EADDRNOTAVAIL);
    assertThat(SocketErrors.number(new IOException("closed"))).isZero();
  }
}
