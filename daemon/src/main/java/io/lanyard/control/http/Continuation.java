package io.lanyard.control.http;

import io.lanyard.linux.Libc;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.DomainSocketReadMode;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * How a connection goes on after its last request, when the answer has no end: a stream, events,
 * bytes both ways, or a socket for somebody else. For one connection, once: another handler takes
 * the place of its {@link HttpConnection}.
 *
 * <p>Thread: the server's loop.
 */
final class Continuation {
  /** The time after which a comment shows a silent stream of events to be alive. */
  private static final Duration COMMENT = Duration.ofSeconds(15);

  /** How long a client may take to read events. */
  private static final Duration PATIENCE = Duration.ofSeconds(HttpConnection.REQUEST_SECONDS);

  private final ChannelHandlerContext context;
  private final ExecutorService threads;
  private final HttpMeter meter;
  private final boolean inputEnded;

  /**
   * Makes that of a connection.
   *
   * @param context of the handler that is to be replaced
   * @param threads runs what speaks to the client
   * @param meter hears what that throws
   * @param inputEnded whether the client has said all it wants
   */
  Continuation(
      ChannelHandlerContext context, ExecutorService threads, HttpMeter meter, boolean inputEnded) {
    this.context = context;
    this.threads = threads;
    this.meter = meter;
    this.inputEnded = inputEnded;
  }

  /** Goes on as a body that ends when its source does. */
  void stream(Response.Stream stream) {
    var _ = context.writeAndFlush(HttpResponses.stream(stream.type()));
    converse(
        new ByteConversation(context.channel(), true),
        (in, out) -> {
          stream.source().speak(in, out);
          context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).syncUninterruptibly();
        },
        stream.source()::abandon);
  }

  /** Goes on as bytes both ways. */
  void upgrade(Response.Upgrade upgrade) {
    var _ = context.writeAndFlush(HttpResponses.upgrade(upgrade.protocol()));
    converse(
        new ByteConversation(context.channel(), false),
        upgrade.conversation(),
        upgrade.conversation()::abandon);
    leaveHttp();
  }

  /** Goes on as events. */
  void events(Response.Events events) {
    var _ = context.writeAndFlush(HttpResponses.stream(Response.Events.TYPE));
    EventStream stream = new EventStream(context.channel(), COMMENT, PATIENCE);
    become(stream);
    if (inputEnded) {
      var _ = context.close();
      return;
    }
    inBackground(() -> stream.run(events.source(), events.lastEventId()), () -> {});
  }

  /**
   * Ends here, and goes on at somebody else, who gets what was read behind the request, too.
   *
   * @param descriptor the connection's socket once more, which the recipient owns then
   */
  void handOver(Response.HandOver handOver, int descriptor) {
    Remainder rest = new Remainder();
    context.pipeline().addLast(rest);
    context.pipeline().remove(context.handler());
    leaveHttp();
    byte[] first = rest.bytes.toByteArray();
    var _ = context.channel().close();
    try {
      threads.execute(() -> {
        try {
          handOver.recipient().take(descriptor, first);
        } catch (RuntimeException e) {
          meter.failed(e);
        }
      });
    } catch (RejectedExecutionException e) {
      int _ = Libc.close(descriptor);
    }
  }

  /**
   * Goes on until the client has sent a descriptor.
   *
   * @param local the connection
   * @param late ends the connection of a client that sends none
   */
  void descriptor(
      Response.Descriptor wanted,
      EpollDomainSocketChannel local,
      @Nullable ScheduledFuture<?> late) {
    var _ = context.writeAndFlush(HttpResponses.upgrade(wanted.protocol()));
    local.config().setReadMode(DomainSocketReadMode.FILE_DESCRIPTORS);
    become(new DescriptorReader(wanted.recipient(), threads, meter, late));
    leaveHttp();
  }

  /** Keeps what was read behind the last request. */
  private static final class Remainder extends ChannelInboundHandlerAdapter {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      try {
        if (message instanceof ByteBuf in) {
          bytes.writeBytes(ByteBufUtil.getBytes(in));
        }
      } finally {
        ReferenceCountUtil.release(message);
      }
    }
  }

  private void converse(
      ByteConversation bytes, Response.Conversation conversation, Runnable abandon) {
    become(bytes);
    if (inputEnded) {
      bytes.end();
    }
    inBackground(
        () -> {
          try {
            conversation.speak(bytes.in(), bytes.out());
          } finally {
            var _ = context.close();
          }
        },
        abandon);
  }

  /** Hands the connection to another handler. */
  private void become(ChannelHandler handler) {
    context.pipeline().addLast(handler);
    context.pipeline().remove(context.handler());
    context.channel().config().setAutoRead(true);
  }

  /** Lets the bytes pass as they are; those that were read already pass at once. */
  private void leaveHttp() {
    context.pipeline().remove(HttpConnection.BODIES);
    context.pipeline().remove(HttpConnection.CODEC);
  }

  /** A task of a stream. */
  @FunctionalInterface
  private interface StreamTask {
    void run() throws IOException, InterruptedException;
  }

  /**
   * Runs a task until it ends or the client has gone.
   *
   * @param instead runs if the client goes before the task begins
   */
  private void inBackground(StreamTask task, Runnable instead) {
    AtomicBoolean begun = new AtomicBoolean();
    try {
      var running =
          threads.submit(() -> {
            try {
              if (begun.compareAndSet(false, true)) {
                task.run();
              } else {
                instead.run();
              }
            } catch (IOException | InterruptedException e) {
              // The client has gone, which is how most streams end, or the server stops.
              var _ = context.close();
            } catch (Throwable e) {
              meter.failed(e);
              var _ = context.close();
            }
          });
      context
          .channel()
          .closeFuture()
          .addListener(closed -> {
            if (!begun.compareAndSet(false, true)) {
              running.cancel(true);
            }
          });
    } catch (RejectedExecutionException e) {
      var _ = context.close();
    }
  }
}
