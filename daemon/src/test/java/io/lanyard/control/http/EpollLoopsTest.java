package io.lanyard.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class EpollLoopsTest {
  /** More than a socket's buffers hold. */
  private static final int LENGTH = 16 * 1024 * 1024;

  /** Answers when the other end has ended its half, and Netty has read that for good. */
  private static final class Answering extends ChannelInboundHandlerAdapter {
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
      if (event == ChannelInputShutdownReadComplete.INSTANCE) {
        context.executor().execute(() -> answer(context));
      }
    }

    private static void answer(ChannelHandlerContext context) {
      var _ =
          context
              .writeAndFlush(Unpooled.wrappedBuffer(new byte[LENGTH]))
              .addListener(ChannelFutureListener.CLOSE);
    }
  }

  @Test
  void aConnectionWhoseOtherEndHasEndedItsHalfIsWrittenToTheEnd() throws Exception {
    var group = new MultiThreadIoEventLoopGroup(1, EpollLoops.factory());
    try {
      Channel server =
          new ServerBootstrap()
              .group(group)
              .channel(EpollServerSocketChannel.class)
              .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
              .childHandler(new Answering())
              .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .sync()
              .channel();
      int port = ((InetSocketAddress) server.localAddress()).getPort();
      try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
        client.shutdownOutput();
        assertThat(client.getInputStream().readAllBytes()).hasSize(LENGTH);
      }
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }
  }
}
