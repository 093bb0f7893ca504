package io.lanyard.control.http;

import io.lanyard.linux.Errno;
import io.lanyard.linux.Libc;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.handler.codec.CodecException;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection: takes a request, has it answered on a virtual thread, and takes no other
 * until the answer is sent. An answer without an end hands it to a {@link Continuation}. What it
 * reads is a {@link FullHttpRequest}, or the {@link Problem} of a request whose body was not taken.
 *
 * <p>Thread: the server's loop, except where a method says otherwise.
 */
final class HttpConnection extends SimpleChannelInboundHandler<Object> {
  static final String CODEC = "codec";
  static final String BODIES = "bodies";

  /** The longest path that is served is under 100 characters; this leaves room for a query. */
  private static final int MAX_LINE = 4096;

  /** curl sends some 100 bytes of headers. */
  private static final int MAX_HEADERS = 8192;

  /** How long a client may take to think of the next request and send it, or to read an answer. */
  static final int REQUEST_SECONDS = 30;

  /** How long a client may go on sending the body that was refused, until it reads the answer. */
  private static final int LINGER_SECONDS = 1;

  /** Requests that one read of the socket may bring; while any waits, no more is read. */
  private static final int MOST_WAITING = 64;

  private final Dispatcher dispatcher;
  private final ExecutorService threads;
  private final HttpMeter meter;
  private final String peer;
  private final StreamPlace place;
  private final BodyLimit bodies;
  private final ArrayDeque<Object> waiting = new ArrayDeque<>();
  private final long firstMillis;
  private boolean first = true;
  private boolean busy;
  private boolean ending;

  /** Whether the answer to the present request is the last one. */
  private boolean last;

  private boolean inputEnded;
  private @Nullable ScheduledFuture<?> timeout;

  /**
   * Makes the handler of one connection.
   *
   * @param dispatcher finds the answers
   * @param threads runs the resources
   * @param meter hears of every request
   * @param peer the other end, as in {@link Callers#identify}
   * @param place where the connection may become a stream
   * @param bodies gathers the requests
   * @param firstRequest how long the client may take for its first request
   */
  HttpConnection(
      Dispatcher dispatcher,
      ExecutorService threads,
      HttpMeter meter,
      String peer,
      StreamPlace place,
      BodyLimit bodies,
      Duration firstRequest) {
    this.dispatcher = dispatcher;
    this.threads = threads;
    this.meter = meter;
    this.peer = peer;
    this.place = place;
    this.bodies = bodies;
    this.firstMillis = firstRequest.toMillis();
  }

  /** Makes the way of the connection's bytes to the resources and back. */
  void install(ChannelPipeline pipeline) {
    var decoder =
        new HttpDecoderConfig()
            .setMaxInitialLineLength(MAX_LINE)
            .setMaxHeaderSize(MAX_HEADERS)
            .setMaxChunkSize(LargeBodies.SMALL);
    pipeline.addLast(CODEC, new RequestCodec(decoder)).addLast(BODIES, bodies).addLast(this);
  }

  /** Ends the connection: at once, or when its present request is answered. */
  void finish(Channel channel) {
    last = true;
    if (!busy && !ending) {
      var _ = channel.close();
    }
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
    cancelTimeout();
    waiting.forEach(ReferenceCountUtil::release);
    waiting.clear();
  }

  /** A client that has said all it wants still gets its answers. */
  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (InputEnd.isIn(event)) {
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
    Object next = waiting.poll();
    if (next != null) {
      try {
        take(context, next);
      } finally {
        ReferenceCountUtil.release(next);
      }
      return;
    }
    if (inputEnded) {
      var _ = context.close();
      return;
    }
    context.channel().config().setAutoRead(true);
    if (first) {
      expireAfter(context, firstMillis, () -> tellLate(context));
    } else {
      expireAfter(context, TimeUnit.SECONDS.toMillis(REQUEST_SECONDS), () -> close(context));
    }
  }

  private void expireAfter(ChannelHandlerContext context, long millis, Runnable action) {
    timeout = context.executor().schedule(action, millis, TimeUnit.MILLISECONDS);
  }

  private static void close(ChannelHandlerContext context) {
    var _ = context.close();
  }

  private void tellLate(ChannelHandlerContext context) {
    Problem late =
        new Problem(
            408,
            "no whole request came within " + Duration.ofMillis(firstMillis).toSeconds() + " s",
            "",
            "send it at once after connecting");
    end(context, late, System.nanoTime());
  }

  private void cancelTimeout() {
    if (timeout != null) {
      timeout.cancel(false);
      timeout = null;
    }
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, Object message) {
    if (ending) {
      return;
    }
    if (!busy) {
      take(context, message);
    } else if (waiting.size() < MOST_WAITING) {
      // Pipelined (RFC 9112 section 9.3.2): answered in its turn.
      waiting.add(ReferenceCountUtil.retain(message));
      context.channel().config().setAutoRead(false);
    } else {
      var _ = context.close();
    }
  }

  private void take(ChannelHandlerContext context, Object message) {
    busy = true;
    first = false;
    cancelTimeout();
    long began = System.nanoTime();
    if (!(message instanceof FullHttpRequest request)) {
      end(context, (Problem) message, began);
      return;
    }
    Problem broken = broken(request);
    if (broken != null) {
      end(context, broken, began);
      return;
    }
    boolean keepAlive =
        HttpUtil.isKeepAlive(request)
            && !RequestCodec.isHandOver(request.method().name(), request.uri());
    byte[] body = new byte[request.content().readableBytes()];
    request.content().readBytes(body);
    var incoming =
        new Dispatcher.Incoming(
            peer, request.method().name(), request.uri(), headers(request), body);
    try {
      threads.execute(() -> {
        Dispatcher.Answer answer = dispatcher.answer(incoming, place.client());
        try {
          context.executor().execute(() -> send(context, answer, keepAlive, began));
        } catch (RejectedExecutionException e) {
          answer.place().close(); // the server has stopped
        }
      });
    } catch (RejectedExecutionException e) {
      // The server is stopping.
      var _ = context.close();
    }
  }

  private static @Nullable Problem broken(FullHttpRequest request) {
    if (request.decoderResult().isFailure()) {
      Throwable cause = request.decoderResult().cause();
      if (cause instanceof Problem problem) {
        return problem;
      }
      int status =
          cause instanceof TooLongHttpLineException
              ? 414
              : cause instanceof TooLongHttpHeaderException ? 431 : 400;
      return new Problem(status, "this is not an HTTP/1.1 request: " + cause.getMessage(), "", "");
    }
    if (request.protocolVersion().majorVersion() != 1) {
      return new Problem(
          505, request.protocolVersion() + " is not served here", "", "speak HTTP/1.1");
    }
    return null;
  }

  private static Map<String, String> headers(FullHttpRequest request) {
    Map<String, String> headers = new HashMap<>();
    var each = request.headers().iteratorAsString();
    while (each.hasNext()) {
      Map.Entry<String, String> header = each.next();
      String name = header.getKey().toLowerCase(Locale.ROOT);
      String before = headers.get(name);
      headers.put(name, before == null ? header.getValue() : before + ", " + header.getValue());
    }
    return headers;
  }

  /** Answers with a problem as the last on this connection: what follows cannot be understood. */
  private void end(ChannelHandlerContext context, Problem problem, long began) {
    ending = true;
    Response.Body body = ProblemBody.of(problem);
    meter.answered(body.status(), System.nanoTime() - began);
    var sent = context.writeAndFlush(HttpResponses.of(body, false));
    busy = false;
    if (inputEnded) {
      sent.addListener(ChannelFutureListener.CLOSE);
    } else {
      // A client that still sends is reset when the socket closes, and may lose the answer.
      context.channel().config().setAutoRead(true);
      expireAfter(context, TimeUnit.SECONDS.toMillis(LINGER_SECONDS), () -> close(context));
    }
  }

  private void send(
      ChannelHandlerContext context, Dispatcher.Answer answer, boolean keepAlive, long began) {
    Response response = answer.response();
    OpenStreams.Sender sender = answer.sender();
    bodies.answered();
    if (!context.channel().isActive()) {
      answer.place().close();
      abandon(response);
      return;
    }
    // No pattern switch: the JVM would spin a class for it before the first answer.
    if (response instanceof Response.Body body) {
      meter.answered(body.status(), System.nanoTime() - began);
      ChannelFuture sent = send(context, body, keepAlive);
      if (!sent.isDone()) {
        answer
            .place()
            .sending(() -> {
              meter.cutOff();
              close(context);
            });
      }
      sent.addListener(done -> answer.place().close());
      return;
    }
    answer.place().close();
    if (response instanceof Response.HandOver handOver) {
      handOver(context, handOver, began);
    } else if (response instanceof Response.Descriptor descriptor) {
      descriptor(context, descriptor, began);
    } else if (last || sender == null || !place.take(context.channel(), sender)) {
      abandon(response);
      meter.refused();
      Response.Body none = ProblemBody.of(StreamPlace.none());
      meter.answered(none.status(), System.nanoTime() - began);
      var _ = send(context, none, keepAlive);
    } else if (response instanceof Response.Stream stream) {
      meter.answered(200, System.nanoTime() - began);
      continuation(context).stream(stream);
    } else if (response instanceof Response.Events events) {
      meter.answered(200, System.nanoTime() - began);
      continuation(context).events(events);
    } else if (response instanceof Response.Upgrade upgrade) {
      meter.answered(101, System.nanoTime() - began);
      continuation(context).upgrade(upgrade);
    }
  }

  /** Releases what an answer holds that is not sent. */
  private void abandon(Response response) {
    Response.Conversation conversation = response.conversation();
    if (conversation != null) {
      try {
        threads.execute(conversation::abandon);
      } catch (RejectedExecutionException e) {
        // The server is stopping, and what an answer holds stops with it.
      }
    }
  }

  private ChannelFuture send(ChannelHandlerContext context, Response.Body body, boolean keepAlive) {
    boolean goesOn = keepAlive && !last;
    var sent = context.writeAndFlush(HttpResponses.of(body, goesOn));
    // The next request has to wait until the client has taken this answer: answers that nobody
    // reads would pile up.
    if (!sent.isDone()) {
      expireAfter(context, TimeUnit.SECONDS.toMillis(REQUEST_SECONDS), () -> close(context));
    }
    if (goesOn) {
      sent.addListener(done -> {
        if (done.isSuccess()) {
          awaitRequest(context);
        }
      });
    } else {
      sent.addListener(ChannelFutureListener.CLOSE);
    }
    return sent;
  }

  private Continuation continuation(ChannelHandlerContext context) {
    return new Continuation(context, threads, meter, inputEnded);
  }

  private void handOver(ChannelHandlerContext context, Response.HandOver handOver, long began) {
    if (!(context.channel() instanceof EpollDomainSocketChannel local)) {
      refuse(context, 501, "only a connection to the API's UNIX socket is handed over", began);
      return;
    }
    int descriptor = Libc.duplicate(local.fd().intValue());
    if (descriptor < 0) {
      refuse(context, 503, "the host has no descriptor: " + Errno.name(-descriptor), began);
      return;
    }
    meter.answered(200, System.nanoTime() - began);
    continuation(context).handOver(handOver, descriptor);
  }

  private void descriptor(ChannelHandlerContext context, Response.Descriptor wanted, long began) {
    if (!(context.channel() instanceof EpollDomainSocketChannel local)) {
      refuse(context, 501, "descriptors come by the API's UNIX socket only", began);
      return;
    }
    meter.answered(101, System.nanoTime() - began);
    expireAfter(context, TimeUnit.SECONDS.toMillis(REQUEST_SECONDS), () -> close(context));
    ScheduledFuture<?> late = timeout;
    timeout = null; // it goes on without this handler
    continuation(context).descriptor(wanted, local, late);
  }

  private void refuse(ChannelHandlerContext context, int status, String why, long began) {
    Problem problem = new Problem(status, why, "", "connect to the API's UNIX socket");
    Response.Body body = ProblemBody.of(problem);
    meter.answered(body.status(), System.nanoTime() - began);
    var _ = send(context, body, false);
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
