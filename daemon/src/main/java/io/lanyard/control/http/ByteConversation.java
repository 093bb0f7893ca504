package io.lanyard.control.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A connection as two streams, for a virtual thread that blocks on them.
 *
 * <p>Reading stops at the socket while the thread does not take what has come, so a client that
 * sends without end costs no more than {@link #HELD} bytes and a read.
 */
final class ByteConversation extends ChannelInboundHandlerAdapter {
  /** Enough that a paste into a console is one read. */
  private static final int HELD = 64 * 1024;

  /** A client that takes nothing for so long has hung. */
  private static final int WRITE_SECONDS = 60;

  private final Channel channel;
  private final boolean chunked;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final ArrayDeque<byte[]> queue = new ArrayDeque<>();
  private int held;
  private boolean ended;

  /**
   * Makes the two streams.
   *
   * @param channel the connection
   * @param chunked whether what is written becomes HTTP chunks; what is read is then thrown away
   */
  ByteConversation(Channel channel, boolean chunked) {
    this.channel = channel;
    this.chunked = chunked;
  }

  InputStream in() {
    return new Incoming();
  }

  OutputStream out() {
    return new Outgoing();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    try {
      if (chunked || !(message instanceof ByteBuf || message instanceof ByteBufHolder)) {
        return;
      }
      ByteBuf content =
          message instanceof ByteBufHolder holder ? holder.content() : (ByteBuf) message;
      byte[] bytes = new byte[content.readableBytes()];
      content.readBytes(bytes);
      lock.lock();
      try {
        queue.add(bytes);
        held += bytes.length;
        if (held > HELD) {
          channel.config().setAutoRead(false);
        }
        arrived.signalAll();
      } finally {
        lock.unlock();
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    end();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (InputEnd.isIn(event)) {
      end();
    }
  }

  /** Nothing more comes; the client may still take what we send. */
  void end() {
    lock.lock();
    try {
      ended = true;
      arrived.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    var _ = context.close();
  }

  private final class Incoming extends InputStream {
    private byte[] current = new byte[0];
    private int at;

    /** Wakes who reads, from any thread. */
    @Override
    public void close() {
      end();
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      Objects.checkFromIndexSize(offset, length, target.length);
      if (length == 0) {
        return 0;
      }
      while (at == current.length) {
        if (!next()) {
          return -1;
        }
      }
      int count = Math.min(length, current.length - at);
      System.arraycopy(current, at, target, offset, count);
      at += count;
      return count;
    }

    private boolean next() throws IOException {
      lock.lock();
      try {
        while (queue.isEmpty()) {
          if (ended) {
            return false;
          }
          arrived.await();
        }
        current = queue.removeFirst();
        at = 0;
        held -= current.length;
        if (held <= HELD && !channel.config().isAutoRead()) {
          channel.config().setAutoRead(true);
        }
        return true;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("the connection is closed");
      } finally {
        lock.unlock();
      }
    }
  }

  private final class Outgoing extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
      if (length == 0) {
        return;
      }
      ByteBuf copy = Unpooled.copiedBuffer(source, offset, length);
      ChannelFuture sent = channel.writeAndFlush(chunked ? new DefaultHttpContent(copy) : copy);
      try {
        if (!sent.await(WRITE_SECONDS, TimeUnit.SECONDS)) {
          var _ = channel.close();
          throw new IOException("the client takes nothing");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("the connection is closed");
      }
      if (!sent.isSuccess()) {
        throw new IOException("the client has gone", sent.cause());
      }
    }
  }
}
