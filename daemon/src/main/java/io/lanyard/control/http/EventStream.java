package io.lanyard.control.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One client's stream of events: takes them from a source's thread and sends them from the server's
 * loop, as fast as the client reads.
 *
 * <pre>
 *   open ── more than MOST_HELD bytes wait, or the source ends ──► ended ── all is sent ──► closed
 *     └──────────────────────── the client leaves, or the server stops ───────────────────────▲
 * </pre>
 *
 * <p>A client that reads too slowly is sent nothing but {@code event: overflow}, and resumes with
 * the id that it has. Nobody else waits for it: {@link #take} queues or refuses.
 */
final class EventStream extends ChannelInboundHandlerAdapter implements EventSource.Reader {
  /** Bytes that may wait before another event is refused; one event may be longer, a snapshot. */
  static final int MOST_HELD = 256 * 1024;

  /** The time that a client that was refused an event has for reading the last one. */
  private static final Duration LAST_READ = Duration.ofSeconds(30);

  private static final byte[] COMMENT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

  private static final byte[] RETRY = "retry: 1000\n\n".getBytes(StandardCharsets.US_ASCII);

  private static final ServerEvent OVERFLOW =
      ServerEvent.of(
          "",
          "overflow",
          Map.of("hint", "this reader was too slow: connect again with Last-Event-ID"));

  private final Channel channel;
  private final Duration keepAlive;
  private final ArrayDeque<byte[]> queue = new ArrayDeque<>();
  private final Object lock = new Object();
  private long held;
  private boolean sending;
  private boolean ended;
  private boolean closed;
  private EventSource.@Nullable Subscription subscription;

  /** On the loop only. */
  private @Nullable ScheduledFuture<?> comments;

  /**
   * Makes a stream; the head of the response is sent already.
   *
   * @param channel the client's connection
   * @param keepAlive the time after which a comment shows a silent stream to be alive
   */
  EventStream(Channel channel, Duration keepAlive) {
    this.channel = channel;
    this.keepAlive = keepAlive;
  }

  /** Subscribes; on a virtual thread. */
  void run(EventSource source, String lastEventId) throws InterruptedException {
    EventSource.Subscription made = source.subscribe(lastEventId, this);
    synchronized (lock) {
      subscription = made;
      if (!closed && !ended) {
        return;
      }
    }
    made.close();
  }

  @Override
  public boolean take(ServerEvent event) {
    EventSource.Subscription present;
    synchronized (lock) {
      if (closed || ended) {
        return false;
      }
      if (held <= MOST_HELD) {
        add(event.bytes());
        return true;
      }
      queue.clear();
      held = 0;
      ended = true;
      add(OVERFLOW.bytes());
      channel.eventLoop().execute(this::endSoon);
      present = subscription;
    }
    if (present != null) {
      present.close();
    }
    return false;
  }

  @Override
  public void end() {
    synchronized (lock) {
      if (closed || ended) {
        return;
      }
      ended = true;
      channel.eventLoop().execute(this::endSoon);
      send();
    }
  }

  /** Under the lock. */
  private void add(byte[] bytes) {
    queue.add(bytes);
    held += bytes.length;
    send();
  }

  /** Under the lock. */
  private void send() {
    if (!sending) {
      sending = true;
      channel.eventLoop().execute(this::drain);
    }
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    var _ = channel.writeAndFlush(content(RETRY));
    long millis = keepAlive.toMillis();
    comments =
        channel
            .eventLoop()
            .scheduleAtFixedRate(this::comment, millis, millis, TimeUnit.MILLISECONDS);
  }

  /** On the loop: shows proxies, and the kernel of a client that has gone, that this is alive. */
  private void comment() {
    if (channel.isWritable()) {
      var _ = channel.writeAndFlush(content(COMMENT));
    }
  }

  private static DefaultHttpContent content(byte[] bytes) {
    return new DefaultHttpContent(Unpooled.wrappedBuffer(bytes));
  }

  /** On the loop: sends what the socket takes. */
  private void drain() {
    boolean last = false;
    while (true) {
      byte[] next;
      synchronized (lock) {
        if (!channel.isWritable()) {
          // Goes on when the channel is writable again.
          break;
        }
        next = queue.poll();
        if (next == null) {
          sending = false;
          last = ended && !closed;
          closed |= last;
          break;
        }
        held -= next.length;
      }
      var _ = channel.write(content(next));
    }
    channel.flush();
    if (last) {
      channel
          .writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT)
          .addListener(ChannelFutureListener.CLOSE);
    }
  }

  /** On the loop: a client that does not even read the last event is left. */
  private void endSoon() {
    ScheduledFuture<?> present = comments;
    if (present != null) {
      present.cancel(false);
      Runnable end =
          () -> {
            var _ = channel.close();
          };
      comments = channel.eventLoop().schedule(end, LAST_READ.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (channel.isWritable()) {
      drain();
    }
    context.fireChannelWritabilityChanged();
  }

  /** A client says nothing on this connection any more. */
  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ReferenceCountUtil.release(message);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event == ChannelInputShutdownEvent.INSTANCE) {
      var _ = context.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    ScheduledFuture<?> present = comments;
    if (present != null) {
      present.cancel(false);
    }
    EventSource.Subscription ended;
    synchronized (lock) {
      closed = true;
      queue.clear();
      held = 0;
      ended = subscription;
    }
    if (ended != null) {
      ended.close();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // The client has gone.
    var _ = context.close();
  }
}
