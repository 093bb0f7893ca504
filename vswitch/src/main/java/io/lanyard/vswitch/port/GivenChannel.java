package io.lanyard.vswitch.port;

import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.GivenSocket;
import io.lanyard.linux.Libc;
import io.lanyard.vswitch.LoopClosing;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.UnixChannel;
import io.netty.util.internal.OutOfDirectMemoryError;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connected stream socket that another process has opened, and may still have.
 *
 * <p>Whether a socket blocks is a property of the socket and not of a descriptor (O_NONBLOCK of
 * open(2), SO_RCVTIMEO and SO_SNDTIMEO of socket(7)), and its giver can change it at any time.
 * Netty's own channels rely on it: a giver who had the socket block would stop the network's loop
 * at the next read, or write to a full socket. Here each call says that it does not wait.
 *
 * <p>Another thing of his is SO_LINGER, by which a close waits for the peer. So a TCP socket is
 * closed for good by a thread of its own.
 *
 * <p>The loop watches edges: an event says that something has changed, and the next read or write
 * that would wait, that there is no more until the next event.
 *
 * <p>Thread: the network's loop only.
 */
final class GivenChannel extends AbstractChannel implements UnixChannel {
  private static final ChannelMetadata METADATA = new ChannelMetadata(false);
  private static final EpollIoOps INPUT =
      EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLRDHUP).with(EpollIoOps.EPOLLET);
  private static final EpollIoOps BOTH = INPUT.with(EpollIoOps.EPOLLOUT);

  /** The kernel has no memory for a write, and tells of none when it has. */
  private static final int RETRY_MILLIS = 5;

  private final FileDescriptor descriptor;
  private final boolean isUnix;
  private final SocketAddress nameless = new DomainSocketAddress("");
  private final ChannelConfig config = new DefaultChannelConfig(this);
  private final EpollIoHandle handle = new Handle();
  private @Nullable IoRegistration registration;
  private boolean open = true;

  /** Whether there may be something to read; it is not known before a read was tried. */
  private boolean readable = true;

  /** Whether the pipeline has asked for data. */
  private boolean wanted;

  /** Whether {@link #readSoon} has a task on the loop. */
  private boolean reads;

  /** Whether a write has found the socket full. */
  private boolean full;

  /**
   * Makes one.
   *
   * @param descriptor the socket's, owned by the channel
   * @param isUnix whether it is a UNIX socket; else one of TCP
   */
  GivenChannel(int descriptor, boolean isUnix) {
    super(null);
    this.descriptor = new FileDescriptor(descriptor);
    this.isUnix = isUnix;
    if (!isUnix) {
      GivenSocket.watchPeer(descriptor, StreamPort.TCP_TIMEOUT_SECONDS);
    }
  }

  /**
   * The descriptor as the loop sees it. No {@link io.lanyard.vswitch.LoopWatch}: at the loop's end
   * that would close the socket before the channel has kept the descriptor whose close may wait.
   */
  private final class Handle implements EpollIoHandle {
    @Override
    public FileDescriptor fd() {
      return descriptor;
    }

    @Override
    public void handle(IoRegistration ready, IoEvent event) {
      if (!open) {
        return;
      }
      EpollIoOps ops = ((EpollIoEvent) event).ops();
      if (full && !ops.equals(EpollIoOps.EPOLLIN)) {
        goOn();
      }
      if (!ops.equals(EpollIoOps.EPOLLOUT)) { // one without a name is an error: a read says which
        readable = true;
        if (wanted && !reads && open) {
          readNow();
        }
      }
    }

    /** {@inheritDoc} The loop ends. */
    @Override
    public void close() {
      unsafe().close(voidPromise());
    }
  }

  private final class Calls extends AbstractUnsafe {
    @Override
    public void connect(SocketAddress remote, SocketAddress local, ChannelPromise promise) {
      promise.setFailure(new UnsupportedOperationException("it is connected"));
    }

    @Override
    protected void flush0() {
      if (!full) { // else an event of the loop goes on
        super.flush0();
      }
    }

    void goOn() {
      super.flush0();
    }
  }

  @Override
  protected AbstractUnsafe newUnsafe() {
    return new Calls();
  }

  @Override
  public FileDescriptor fd() {
    return descriptor;
  }

  @Override
  public ChannelConfig config() {
    return config;
  }

  @Override
  public ChannelMetadata metadata() {
    return METADATA;
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public boolean isActive() {
    return open;
  }

  @Override
  protected SocketAddress localAddress0() {
    return nameless;
  }

  @Override
  protected SocketAddress remoteAddress0() {
    return nameless;
  }

  @Override
  protected boolean isCompatible(EventLoop loop) {
    return loop instanceof IoEventLoop io && io.isCompatible(EpollIoHandle.class);
  }

  @Override
  protected void doRegister(ChannelPromise promise) {
    ((IoEventLoop) eventLoop())
        .register(handle)
        .addListener(future -> {
          if (!future.isSuccess()) {
            promise.setFailure(future.cause());
            return;
          }
          IoRegistration made = (IoRegistration) future.getNow();
          if (open) {
            registration = made;
            made.submit(INPUT);
          } else {
            made.cancel();
          }
          promise.setSuccess();
        });
  }

  @Override
  protected void doDeregister() {
    IoRegistration present = registration;
    registration = null;
    if (present != null) {
      present.cancel();
    }
  }

  @Override
  protected void doBind(SocketAddress local) {
    throw new UnsupportedOperationException("it is connected");
  }

  @Override
  protected void doDisconnect() {
    doClose();
  }

  @Override
  protected void doClose() {
    if (!open) {
      return;
    }
    open = false;
    doDeregister();
    int number = descriptor.intValue();
    // The last descriptor of a TCP socket may wait, so it is not closed here.
    int last = isUnix ? -Errno.EBADFD : Libc.duplicate(number);
    LoopClosing.close(
        eventLoop(),
        number,
        () -> {
          int _ = Libc.close(number);
        });
    if (last >= 0) {
      Thread.ofPlatform()
          .daemon()
          .name("close-given-socket")
          .start(() -> {
            int _ = Libc.close(last);
          });
    }
  }

  @Override
  protected void doBeginRead() {
    wanted = true;
    if (readable) {
      readSoon();
    }
  }

  /** Reads after what the loop has to do now. */
  private void readSoon() {
    if (!reads) {
      reads = true;
      eventLoop()
          .execute(() -> {
            reads = false;
            if (wanted && readable && open) {
              readNow();
            }
          });
    }
  }

  private void readNow() {
    wanted = false;
    var sizes = unsafe().recvBufAllocHandle();
    sizes.reset(config);
    boolean over = false;
    do {
      ByteBuf into;
      try {
        into = sizes.allocate(config.getAllocator());
      } catch (OutOfDirectMemoryError e) {
        pipeline().fireExceptionCaught(e);
        over = true;
        break;
      }
      int length = receive(into);
      if (length <= 0) {
        into.release();
        readable = false;
        over = length != -Errno.EAGAIN;
        break;
      }
      sizes.lastBytesRead(length);
      sizes.incMessagesRead(1);
      pipeline().fireChannelRead(into);
    } while (open && sizes.continueReading());
    sizes.readComplete();
    pipeline().fireChannelReadComplete();
    if (over && open) {
      unsafe().close(voidPromise());
    }
  }

  private int receive(ByteBuf into) {
    int at = into.writerIndex();
    int length =
        GivenSocket.receive(descriptor.intValue(), into.memoryAddress() + at, into.writableBytes());
    if (length > 0) {
      into.writerIndex(at + length);
    }
    return length;
  }

  @Override
  protected Object filterOutboundMessage(Object message) {
    if (message instanceof ByteBuf bytes && bytes.hasMemoryAddress()) {
      return bytes;
    }
    throw new UnsupportedOperationException("only buffers outside the heap are written");
  }

  @Override
  protected void doWrite(ChannelOutboundBuffer out) throws ErrnoException {
    full = false;
    while (out.current() instanceof ByteBuf bytes) {
      int sent =
          bytes.isReadable()
              ? GivenSocket.send(
                  descriptor.intValue(),
                  bytes.memoryAddress() + bytes.readerIndex(),
                  bytes.readableBytes())
              : 0;
      if (sent == -Errno.EAGAIN) {
        awaitRoom();
        return;
      }
      if (sent == -Errno.ENOBUFS || sent == -Errno.ENOMEM) {
        full = true;
        var _ = eventLoop().schedule(this::goOn, RETRY_MILLIS, TimeUnit.MILLISECONDS);
        return;
      }
      if (sent < 0) {
        throw new ErrnoException("write to a socket that was handed over", -sent);
      }
      out.removeBytes(sent);
    }
  }

  /** Has the loop tell when there is room again. */
  private void awaitRoom() {
    full = true;
    IoRegistration present = registration;
    if (present != null) {
      present.submit(BOTH);
    }
  }

  /** Goes on with what was not written. */
  private void goOn() {
    if (open && full) {
      full = false;
      IoRegistration present = registration;
      if (present != null) {
        present.submit(INPUT);
      }
      ((Calls) unsafe()).goOn();
    }
  }
}
