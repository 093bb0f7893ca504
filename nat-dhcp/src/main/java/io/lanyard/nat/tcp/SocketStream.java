package io.lanyard.nat.tcp;

import io.lanyard.nat.gateway.GuestLink;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.UncheckedBooleanSupplier;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A socket of the host as the far end of a connection.
 *
 * <p>Towards the host, large payloads are written at once from the frame they came in, small ones
 * are gathered into one write a burst. From the host, the socket is read directly into a buffer
 * with room for the headers before it and of the size of a super-frame, which then is the frame.
 */
final class SocketStream extends ChannelInboundHandlerAdapter
    implements HostStream, RecvByteBufAllocator {
  /** From here on a write of its own costs less than a copy. */
  private static final int WRITE_AT_ONCE = 16 << 10;

  private static final int GATHER = 64 << 10;

  /** A read that brings less than this lets the next buffer be smaller. */
  private static final int SMALLEST_READ = 2048;

  /** Reads in a row before others get their turn. */
  private static final int READS = 16;

  /** How long a peer may take to read the rest once both sides have ended. */
  private static final long LINGER_SECONDS = 120;

  private static final WriteBufferWaterMark MARKS = new WriteBufferWaterMark(32 << 10, 64 << 10);

  private final Channel channel;
  private final GuestStream guest;
  private final ByteBufAllocator allocator;
  private @Nullable ByteBuf gathered;
  private boolean silent;
  private boolean finishing;
  private boolean ended;
  private int readSize = SMALLEST_READ * 8;

  private SocketStream(GuestLink link, Channel channel, GuestStream guest) {
    this.channel = channel;
    this.guest = guest;
    allocator = link.allocator();
  }

  /** Connects a socket, and splices it. */
  static void connect(
      GuestLink link, TcpSettings settings, InetSocketAddress target, Connection connection) {
    EpollSocketChannel channel;
    try {
      channel = new EpollSocketChannel();
    } catch (ChannelException e) {
      // No descriptors left: the guest may try again.
      connection.failed(ConnectFailure.HOST_UNREACHABLE);
      return;
    }
    SocketStream stream = new SocketStream(link, channel, connection);
    stream.configure(settings);
    connection.spliceTo(stream);
    var registered = link.loop().register(channel);
    if (registered.cause() != null) {
      connection.failed(ConnectFailure.HOST_UNREACHABLE);
      return;
    }
    var _ =
        channel
            .connect(target)
            .addListener(done -> {
              Throwable cause = done.cause();
              if (cause == null) {
                stream.onConnected();
              } else {
                stream.onConnectFailed(cause);
              }
            });
  }

  /** Takes over a socket that a forward has accepted. */
  static SocketStream adopt(
      GuestLink link, TcpSettings settings, Channel accepted, GuestStream guest) {
    SocketStream stream = new SocketStream(link, accepted, guest);
    stream.configure(settings);
    return stream;
  }

  /** Resets a socket that nobody takes. */
  static void refuse(Channel accepted) {
    accepted.config().setOption(ChannelOption.SO_LINGER, 0);
    accepted.unsafe().close(accepted.voidPromise());
  }

  private void configure(TcpSettings settings) {
    ChannelConfig config = channel.config();
    config.setAutoRead(false);
    config.setAutoClose(false);
    config.setAllocator(allocator);
    config.setRecvByteBufAllocator(this);
    config.setWriteBufferWaterMark(MARKS);
    config.setConnectTimeoutMillis((int) settings.connectTimeout().toMillis());
    config.setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    config.setOption(ChannelOption.TCP_NODELAY, true);
    config.setOption(ChannelOption.SO_KEEPALIVE, true);
    channel.pipeline().addLast(this);
  }

  private void onConnected() {
    if (!silent) {
      guest.connected();
    }
  }

  private void onConnectFailed(Throwable cause) {
    if (!silent) {
      silent = true;
      guest.failed(classify(cause));
    }
    shut();
  }

  static ConnectFailure classify(Throwable cause) {
    String text = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
    if (text.contains("network is unreachable")) {
      return ConnectFailure.NETWORK_UNREACHABLE;
    }
    if (cause instanceof ConnectTimeoutException
        || cause instanceof NoRouteToHostException
        || text.contains("timed out")) {
      return ConnectFailure.HOST_UNREACHABLE;
    }
    if (text.contains("not permitted") || text.contains("permission denied")) {
      return ConnectFailure.PROHIBITED;
    }
    return cause instanceof ConnectException
        ? ConnectFailure.REFUSED
        : ConnectFailure.HOST_UNREACHABLE;
  }

  // --- HostStream

  @Override
  public void write(ByteBuf payload) {
    int length = payload.readableBytes();
    if (length >= WRITE_AT_ONCE) {
      passGathered();
      var _ = channel.write(payload.retainedSlice(), channel.voidPromise());
      channel.flush();
      return;
    }
    ByteBuf into = gathered;
    if (into != null && into.writableBytes() < length) {
      passGathered();
      into = null;
    }
    if (into == null) {
      // While the socket takes what it gets, a whole burst fits; when it does not, small pieces
      // would pin large buffers.
      into = allocator.directBuffer(channel.isWritable() ? GATHER : Math.max(length, 4096));
      gathered = into;
    }
    into.writeBytes(payload, payload.readerIndex(), length);
  }

  private void passGathered() {
    ByteBuf data = gathered;
    if (data != null) {
      gathered = null;
      var _ = channel.write(data, channel.voidPromise());
    }
  }

  @Override
  public void flush() {
    if (gathered != null) {
      passGathered();
      channel.flush();
    }
  }

  @Override
  public int unsent() {
    ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
    long queued = buffer == null ? 0 : buffer.totalPendingWriteBytes();
    ByteBuf data = gathered;
    return (int) Math.min(queued + (data == null ? 0 : data.readableBytes()), Integer.MAX_VALUE);
  }

  @Override
  public void read(boolean on) {
    channel.config().setAutoRead(on);
  }

  @Override
  public void finish() {
    flush();
    finishing = true;
    shutdownWhenDrained();
  }

  private void shutdownWhenDrained() {
    if (unsent() == 0) {
      shutdownOutput();
    } else {
      // Behind everything else: shutting down at once would drop what is queued.
      var _ =
          channel.writeAndFlush(allocator.directBuffer(0)).addListener(done -> shutdownOutput());
    }
  }

  private void shutdownOutput() {
    if (finishing && channel.isActive()) {
      finishing = false;
      var _ = ((DuplexChannel) channel).shutdownOutput();
    }
  }

  @Override
  public void abort() {
    silent = true;
    dropGathered();
    if (channel.isOpen()) {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
    }
    shut();
  }

  @Override
  public void close() {
    silent = true;
    flush();
    if (!channel.isActive() || unsent() == 0) {
      shut();
      return;
    }
    var rest = channel.writeAndFlush(allocator.directBuffer(0)).addListener(done -> shut());
    if (!rest.isDone()) {
      var _ = channel.eventLoop().schedule(this::abort, LINGER_SECONDS, TimeUnit.SECONDS);
    }
  }

  private void shut() {
    dropGathered();
    if (channel.isRegistered()) {
      var _ = channel.close();
    } else if (channel.isOpen()) {
      channel.unsafe().closeForcibly();
    }
  }

  private void dropGathered() {
    ByteBuf data = gathered;
    if (data != null) {
      gathered = null;
      data.release();
    }
  }

  // --- The channel

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf data = (ByteBuf) message;
    if (silent) {
      data.release();
    } else {
      guest.data(data);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    if (!silent) {
      guest.flush();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (!silent && channel.isWritable()) {
      guest.drained();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event == io.netty.channel.socket.ChannelInputShutdownEvent.INSTANCE && !silent) {
      ended = true;
      guest.end();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    dropGathered();
    if (!silent) {
      silent = true;
      if (!ended) {
        guest.reset();
      }
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!silent) {
      silent = true;
      guest.reset();
    }
    abort();
  }

  // --- Reading straight into frames

  @Override
  public ExtendedHandle newHandle() {
    return new Reads();
  }

  @SuppressWarnings("deprecation") // Netty's epoll transport demands this interface
  private final class Reads implements ExtendedHandle {
    private int attempted;
    private int last;
    private int reads;

    @Override
    public ByteBuf allocate(ByteBufAllocator from) {
      int size = Math.min(readSize, guest.burst());
      ByteBuf buffer = from.directBuffer(GuestStream.HEADROOM + size, GuestStream.HEADROOM + size);
      return buffer.setIndex(GuestStream.HEADROOM, GuestStream.HEADROOM);
    }

    @Override
    public int guess() {
      return readSize;
    }

    @Override
    public void reset(ChannelConfig config) {
      reads = 0;
    }

    @Override
    public void incMessagesRead(int count) {
      reads += count;
    }

    @Override
    public void lastBytesRead(int bytes) {
      last = bytes;
      if (bytes == attempted) {
        readSize = Math.min(64 << 10, 4 * readSize);
      } else if (bytes < readSize / 8 && bytes > 0) {
        readSize = Math.max(SMALLEST_READ, readSize / 2);
      }
    }

    @Override
    public int lastBytesRead() {
      return last;
    }

    @Override
    public void attemptedBytesRead(int bytes) {
      attempted = bytes;
    }

    @Override
    public int attemptedBytesRead() {
      return attempted;
    }

    @Override
    public boolean continueReading() {
      return last > 0 && last == attempted && reads < READS && !silent && guest.room() > 0;
    }

    @Override
    public boolean continueReading(UncheckedBooleanSupplier more) {
      return continueReading();
    }

    @Override
    public void readComplete() {}
  }
}
