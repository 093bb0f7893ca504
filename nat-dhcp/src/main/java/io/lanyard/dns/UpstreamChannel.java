package io.lanyard.dns;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;

/** A socket for one query to one server. It is connected, so only that server is heard. */
final class UpstreamChannel {
  /** More than the payload that queries announce. */
  private static final int RECEIVE_BUFFER = 4096;

  private static final int CONNECT_TIMEOUT_MILLIS = 5_000;

  private UpstreamChannel() {}

  /** Hears of what comes back. Called on the loop. */
  interface Listener {
    /**
     * A message came.
     *
     * @param from the channel
     * @param wire the message
     */
    void received(Channel from, byte[] wire);

    /**
     * Nothing will come any more.
     *
     * @param from the channel
     */
    void failed(Channel from);
  }

  static Channel datagram(
      EventLoop loop, InetSocketAddress server, byte[] query, Listener listener) {
    ChannelFuture connected =
        new Bootstrap()
            .group(loop)
            .channel(EpollDatagramChannel.class)
            .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(RECEIVE_BUFFER))
            .handler(new Datagrams(listener))
            .connect(server);
    return send(loop, connected, query, 0, listener);
  }

  static Channel stream(EventLoop loop, InetSocketAddress server, byte[] query, Listener listener) {
    ChannelFuture connected =
        new Bootstrap()
            .group(loop)
            .channel(EpollSocketChannel.class)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
            .handler(new Stream(listener))
            .connect(server);
    return send(loop, connected, query, 2, listener);
  }

  private static Channel send(
      EventLoop loop, ChannelFuture connected, byte[] query, int lengthBytes, Listener listener) {
    Channel channel = connected.channel();
    connected.addListener(done -> {
      if (!done.isSuccess()) {
        // A socket that could not be made, because no descriptor is left, has no loop: Netty tells
        // of it
        // on a thread of its own.
        if (!loop.isShuttingDown()) {
          loop.execute(() -> listener.failed(channel));
        }
        return;
      }
      ByteBuf out = channel.alloc().buffer(query.length + lengthBytes);
      if (lengthBytes > 0) {
        out.writeShort(query.length); // RFC 1035 section 4.2.2, in one segment: RFC 7766 8
      }
      out.writeBytes(query);
      channel
          .writeAndFlush(out)
          .addListener(sent -> {
            if (!sent.isSuccess()) {
              listener.failed(channel);
            }
          });
    });
    return channel;
  }

  private static final class Datagrams extends SimpleChannelInboundHandler<DatagramPacket> {
    private final Listener listener;

    Datagrams(Listener listener) {
      this.listener = listener;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
      listener.received(ctx.channel(), ByteBufUtil.getBytes(packet.content()));
    }

    /** An ICMP "port unreachable" comes here: nobody listens. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      listener.failed(ctx.channel());
    }
  }

  private static final class Stream extends SimpleChannelInboundHandler<ByteBuf> {
    private final Listener listener;
    private byte[] message = {};
    private int length = -2; // bytes of the length that are missing, negative; then the length
    private int filled;

    Stream(Listener listener) {
      this.listener = listener;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf in) {
      while (in.isReadable()) {
        if (length < 0) {
          filled = filled << 8 | in.readUnsignedByte();
          if (++length == 0) {
            message = new byte[filled];
            length = filled;
            filled = 0;
          }
        } else {
          int part = Math.min(in.readableBytes(), length - filled);
          in.readBytes(message, filled, part);
          filled += part;
        }
        if (length >= 0 && filled == length) {
          byte[] whole = message;
          length = -2;
          filled = 0;
          listener.received(ctx.channel(), whole);
          return; // One question, one answer.
        }
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      listener.failed(ctx.channel());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      listener.failed(ctx.channel());
    }
  }
}
