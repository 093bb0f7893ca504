package io.lanyard.control.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.CodecException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection: takes a request, has it answered on a virtual thread, and takes no other
 * until the answer is sent.
 *
 * <p>Thread: the server's loop, except where a method says otherwise.
 */
final class HttpConnection extends SimpleChannelInboundHandler<FullHttpRequest> {
  static final String CODEC = "codec";
  static final String AGGREGATOR = "aggregator";

  /** How long a client may take to think of the next request and send it, or to read an answer. */
  private static final int REQUEST_SECONDS = 30;

  /** Requests that one read of the socket may bring; while any waits, no more is read. */
  private static final int MOST_WAITING = 64;

  private final Routes routes;
  private final ExecutorService threads;
  private final HttpMeter meter;
  private final ArrayDeque<FullHttpRequest> waiting = new ArrayDeque<>();
  private long requestMillis;
  private boolean busy;
  private boolean inputEnded;
  private @Nullable ScheduledFuture<?> timeout;

  HttpConnection(Routes routes, ExecutorService threads, HttpMeter meter, Duration firstRequest) {
    this.routes = routes;
    this.threads = threads;
    this.meter = meter;
    this.requestMillis = firstRequest.toMillis();
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    awaitRequest(context);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    cancelTimeout();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    waiting.forEach(FullHttpRequest::release);
    waiting.clear();
  }

  /** A client that has said all it wants still gets its answers. */
  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event == ChannelInputShutdownEvent.INSTANCE) {
      inputEnded = true;
      if (!busy) {
        var _ = context.close();
      }
    }
    context.fireUserEventTriggered(event);
  }

  private void awaitRequest(ChannelHandlerContext context) {
    busy = false;
    cancelTimeout();
    FullHttpRequest next = waiting.poll();
    if (next != null) {
      try {
        take(context, next);
      } finally {
        next.release();
      }
      return;
    }
    if (inputEnded) {
      expire(context);
      return;
    }
    context.channel().config().setAutoRead(true);
    timeout =
        context.executor().schedule(() -> expire(context), requestMillis, TimeUnit.MILLISECONDS);
    requestMillis = TimeUnit.SECONDS.toMillis(REQUEST_SECONDS);
  }

  private static void expire(ChannelHandlerContext context) {
    var _ = context.close();
  }

  private void cancelTimeout() {
    if (timeout != null) {
      timeout.cancel(false);
      timeout = null;
    }
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, FullHttpRequest message) {
    if (!busy) {
      take(context, message);
    } else if (waiting.size() < MOST_WAITING) {
      // Pipelined (RFC 9112 section 9.3.2): answered in its turn.
      waiting.add(message.retain());
      context.channel().config().setAutoRead(false);
    } else {
      expire(context);
    }
  }

  private void take(ChannelHandlerContext context, FullHttpRequest message) {
    busy = true;
    cancelTimeout();
    long began = System.nanoTime();
    boolean keepAlive = HttpUtil.isKeepAlive(message);
    if (message.decoderResult().isFailure()) {
      Throwable cause = message.decoderResult().cause();
      Problem problem =
          new Problem(400, "this is not an HTTP/1.1 request: " + cause.getMessage(), "", "");
      send(context, ProblemBody.of(problem), false, began);
      return;
    }
    String uri = message.uri();
    String method = message.method().name();
    String upgrade = message.headers().get(HttpHeaderNames.UPGRADE, "");
    byte[] body = new byte[message.content().readableBytes()];
    message.content().readBytes(body);
    try {
      threads.execute(() -> {
        Response response = answer(method, uri, upgrade, body);
        context.executor().execute(() -> send(context, response, keepAlive, began));
      });
    } catch (RejectedExecutionException e) {
      // The server is stopping.
      var _ = context.close();
    }
  }

  /** Runs on a virtual thread. Never throws. */
  private Response answer(String method, String uri, String upgrade, byte[] body) {
    try {
      Request request;
      Resource resource;
      try {
        QueryStringDecoder query = new QueryStringDecoder(uri, StandardCharsets.UTF_8, true, 32);
        // The codec leaves the body out of the answer to a HEAD.
        String asked = method.equals("HEAD") ? "GET" : method;
        Routes.Match match = routes.find(asked, method, segments(query.rawPath()));
        resource = match.resource();
        request =
            new Request(
                method, query.path(), query.parameters(), match.parameters(), upgrade, body);
      } catch (IllegalArgumentException e) {
        // Percent signs without two digits.
        throw new Problem(400, "this is not a path: " + e.getMessage(), uri, "");
      }
      Response response = resource.answer(request);
      return method.equals("HEAD") && response instanceof Response.Stream stream
          ? new Response.Body(200, stream.type(), new byte[0])
          : response;
    } catch (Problem problem) {
      return ProblemBody.of(problem);
    } catch (Throwable e) {
      meter.failed(e);
      return ProblemBody.of(
          new Problem(500, "the daemon failed to answer: " + e, uri, "the daemon's log says more"));
    }
  }

  /** Decoded one by one, so that an encoded slash cannot make a segment into two. */
  private static List<String> segments(String rawPath) {
    List<String> segments = new ArrayList<>();
    for (String segment : rawPath.split("/", -1)) {
      segments.add(URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8));
    }
    return segments;
  }

  private void send(
      ChannelHandlerContext context, Response response, boolean keepAlive, long began) {
    if (!context.channel().isActive()) {
      return;
    }
    // No pattern switch: the JVM would spin a class for it before the first answer.
    if (response instanceof Response.Body body) {
      meter.answered(body.status(), System.nanoTime() - began);
      send(context, body, keepAlive);
    } else if (response instanceof Response.Stream stream) {
      meter.answered(200, System.nanoTime() - began);
      stream(context, stream);
    } else if (response instanceof Response.Upgrade upgrade) {
      meter.answered(101, System.nanoTime() - began);
      upgrade(context, upgrade);
    }
  }

  private void send(ChannelHandlerContext context, Response.Body body, boolean keepAlive) {
    var sent = context.writeAndFlush(response(body, keepAlive));
    // The next request has to wait until the client has taken this answer: answers that nobody
    // reads would pile up.
    if (!sent.isDone()) {
      timeout =
          context.executor().schedule(() -> expire(context), REQUEST_SECONDS, TimeUnit.SECONDS);
    }
    if (keepAlive) {
      sent.addListener(done -> {
        if (done.isSuccess()) {
          awaitRequest(context);
        }
      });
    } else {
      sent.addListener(ChannelFutureListener.CLOSE);
    }
  }

  static FullHttpResponse response(Response.Body body, boolean keepAlive) {
    FullHttpResponse message =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.valueOf(body.status()),
            Unpooled.wrappedBuffer(body.bytes()));
    message
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, body.type())
        .set(HttpHeaderNames.CONTENT_LENGTH, body.bytes().length);
    body.headers().forEach(message.headers()::set);
    HttpUtil.setKeepAlive(message, keepAlive);
    return message;
  }

  private void stream(ChannelHandlerContext context, Response.Stream stream) {
    var head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
    head.headers()
        .set(HttpHeaderNames.CONTENT_TYPE, stream.type())
        .set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED)
        .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    var _ = context.writeAndFlush(head);
    converse(
        context,
        new ByteConversation(context.channel(), true),
        (in, out) -> {
          stream.source().speak(in, out);
          context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).syncUninterruptibly();
        });
  }

  private void upgrade(ChannelHandlerContext context, Response.Upgrade upgrade) {
    var head =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS);
    head.headers()
        .set(HttpHeaderNames.UPGRADE, upgrade.protocol())
        .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
    var _ = context.writeAndFlush(head);
    var bytes = new ByteConversation(context.channel(), false);
    converse(context, bytes, upgrade.conversation());
    context.pipeline().remove(AGGREGATOR);
    context.pipeline().remove(CODEC);
  }

  private void converse(
      ChannelHandlerContext context, ByteConversation bytes, Response.Conversation conversation) {
    context.pipeline().addLast(bytes);
    context.pipeline().remove(this);
    if (inputEnded) {
      bytes.end();
    }
    context.channel().config().setAutoRead(true);
    try {
      var task =
          threads.submit(() -> {
            try {
              conversation.speak(bytes.in(), bytes.out());
            } catch (IOException | InterruptedException e) {
              // The client has gone, which is how most conversations end, or the server stops.
            } catch (Throwable e) {
              meter.failed(e);
            } finally {
              var _ = context.close();
            }
          });
      context.channel().closeFuture().addListener(closed -> task.cancel(true));
    } catch (RejectedExecutionException e) {
      var _ = context.close();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // A reset, a broken pipe, an end within a body, more requests at a time than the codec takes:
    // the client's business. What is ours is caught where it runs.
    if (!(cause instanceof IOException || cause instanceof CodecException)) {
      meter.failed(cause);
    }
    ReferenceCountUtil.release(cause);
    var _ = context.close();
  }
}
