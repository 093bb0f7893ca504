package io.lanyard.control.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.util.ReferenceCountUtil;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Tells a client that there is no place for it: status 503 once it has sent something, so that it
 * reads the answer instead of failing to write its request. It is not kept longer than a second.
 *
 * <p>Thread: the server's loop.
 */
final class Refusal extends ChannelInboundHandlerAdapter {
  private static final int KEPT_SECONDS = 1;

  private boolean answered;

  private Refusal() {}

  /** Makes a connection that is open be refused. */
  static void begin(Channel channel) {
    channel.pipeline().addLast(new HttpResponseEncoder()).addLast(new Refusal());
    Runnable end =
        () -> {
          var _ = channel.close();
        };
    var expiry = channel.eventLoop().schedule(end, KEPT_SECONDS, TimeUnit.SECONDS);
    channel.closeFuture().addListener(closed -> expiry.cancel(false));
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ReferenceCountUtil.release(message);
    if (!answered) {
      answered = true;
      context
          .writeAndFlush(HttpResponses.of(ProblemBody.of(busy()), false))
          .addListener(ChannelFutureListener.CLOSE);
    }
  }

  private static Problem busy() {
    return new Problem(
        503,
        "the daemon is there but busy: it has as many connections as it takes",
        "",
        "try again in a second; a program that keeps connections open may hold them",
        Map.of("Retry-After", "1"));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // The client has gone.
    var _ = context.close();
  }
}
