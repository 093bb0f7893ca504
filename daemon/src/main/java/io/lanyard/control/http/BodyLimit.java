package io.lanyard.control.http;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;

/** Gathers a request, and refuses one whose body is too long with a problem that says so. */
final class BodyLimit extends HttpObjectAggregator {
  BodyLimit(int maxBody) {
    super(maxBody, true);
  }

  @Override
  protected void handleOversizedMessage(ChannelHandlerContext context, HttpMessage message) {
    Problem problem =
        new Problem(
            413,
            "the request's body is longer than " + maxContentLength() + " bytes",
            "",
            "no resource takes more");
    context
        .writeAndFlush(HttpConnection.response(ProblemBody.of(problem), false))
        .addListener(ChannelFutureListener.CLOSE);
  }
}
