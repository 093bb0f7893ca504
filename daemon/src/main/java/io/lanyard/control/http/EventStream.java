package io.lanyard.control.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
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
 * the id that it has. Nobody else waits for it: {@link #take} queues or refuses, and a source that
 * has a thread for each reader may wait for it in {@link #awaitRoom}.
 */
final class EventStream extends ChannelInboundHandlerAdapter implements EventSource.Reader {
  /** Bytes that may wait before another event is refused; one event may be longer, a snapshot. */
  static final int MOST_HELD = 256 * 1024;

  private static final byte[] COMMENT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

  private static final byte[] RETRY = "retry: 1000\n\n".getBytes(StandardCharsets.US_ASCII);

  private static final ServerEvent OVERFLOW =
      ServerEvent.of(
          "",
          "overflow",
          Map.of("hint", "this reader was too slow: connect again with Last-Event-ID"));

  private final Channel channel;
  private final Duration keepAlive;
  private final Duration readTimeout;
  private final ArrayDeque<byte[]> queue = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
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
   * @param readTimeout the time in which a client has to read some of what waits for it
   */
  EventStream(Channel channel, Duration keepAlive, Duration readTimeout) {
    this.channel = channel;
    this.keepAlive = keepAlive;
    this.readTimeout = readTimeout;
  }

  /** Subscribes; on a virtual thread. */
  void run(EventSource source, String lastEventId) throws InterruptedException {
    EventSource.Subscription made = source.subscribe(lastEventId, this);
    lock.lock();
    try {
      subscription = made;
      if (!closed && !ended) {
        return;
      }
    } finally {
      lock.unlock();
    }
    made.close();
  }

  @Override
  public boolean take(ServerEvent event) {
    lock.lock();
    try {
      if (closed || ended) {
        return false;
      }
      if (held <= MOST_HELD) {
        add(event.bytes());
        return true;
      }
    } finally {
      lock.unlock();
    }
    overflow();
    return false;
  }

  @Override
  public boolean awaitRoom() throws InterruptedException {
    long left = readTimeout.toNanos();
    lock.lockInterruptibly();
    try {
      while (held > MOST_HELD / 2 && !closed && !ended && left > 0) {
        left = changed.awaitNanos(left);
      }
      if (closed || ended || held <= MOST_HELD / 2) {
        return !closed && !ended;
      }
    } finally {
      lock.unlock();
    }
    overflow();
    return false;
  }

  private void overflow() {
    EventSource.Subscription present;
    lock.lock();
    try {
      if (closed || ended) {
        return;
      }
      queue.clear();
      held = 0;
      finish();
      add(OVERFLOW.bytes());
      present = subscription;
    } finally {
      lock.unlock();
    }
    if (present != null) {
      present.close();
    }
  }

  @Override
  public void end() {
    lock.lock();
    try {
      if (!closed && !ended) {
        finish();
        send();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Under the lock. */
  private void finish() {
    ended = true;
    changed.signalAll();
    channel.eventLoop().execute(this::endSoon);
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
      lock.lock();
      try {
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
        boolean full = held > MOST_HELD / 2;
        held -= next.length;
        if (full && held <= MOST_HELD / 2) {
          changed.signalAll();
        }
      } finally {
        lock.unlock();
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
      comments = channel.eventLoop().schedule(end, readTimeout.toMillis(), TimeUnit.MILLISECONDS);
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
    if (InputEnd.isIn(event)) {
      var _ = context.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    ScheduledFuture<?> timer = comments;
    if (timer != null) {
      timer.cancel(false);
    }
    EventSource.Subscription present;
    lock.lock();
    try {
      closed = true;
      queue.clear();
      held = 0;
      changed.signalAll();
      present = subscription;
    } finally {
      lock.unlock();
    }
    if (present != null) {
      present.close();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // The client has gone.
    var _ = context.close();
  }
}
