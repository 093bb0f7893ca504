package io.lanyard.nat.tcp;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.LogEvent;
import io.lanyard.linux.ErrnoException;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.gateway.Outbound;
import io.lanyard.net.Address;
import io.lanyard.vswitch.LoopClosing;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Work;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelException;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import io.netty.util.internal.OutOfDirectMemoryError;
import java.io.IOException;
import java.lang.System.Logger;
import java.net.InetSocketAddress;
import java.nio.channels.NotYetConnectedException;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A socket of the host as the far end of a connection, on the network's own epoll.
 *
 * <p>Towards the host, large payloads are written at once from the frame they came in, small ones
 * are gathered into one write per burst. From the host, the socket is read directly into a buffer
 * with room for the headers before it and of the size of a super-frame, which then is the frame.
 *
 * <p>It is no Netty channel. Netty 4.2.18 loses a half-closed channel that waits for nothing: when
 * the event mask becomes empty it takes the descriptor out of epoll but goes on as if it were
 * there, and the next change fails with ENOENT. Here the socket is registered once, edge-triggered,
 * for everything; whether it may be read or written is remembered, so that stopping and starting
 * costs no system call. It is its own handle, not watched by a {@link
 * io.lanyard.vswitch.LoopWatch}: there may be a hundred thousand, each with three objects less.
 */
final class SocketStream implements HostStream, EpollIoHandle {
  private static final Logger LOG = System.getLogger(SocketStream.class.getName());

  /** From here on a write of its own costs less than a copy. */
  private static final int WRITE_AT_ONCE = 16 << 10;

  private static final int SMALLEST_READ = 2 << 10;
  private static final int FIRST_READ = 16 << 10;
  private static final int LARGEST_READ = 64 << 10;

  /** Reads in a row before others get their turn. */
  private static final int READS = 16;

  private static final EpollIoOps EVENTS =
      EpollIoOps.EPOLLIN
          .with(EpollIoOps.EPOLLOUT)
          .with(EpollIoOps.EPOLLRDHUP)
          .with(EpollIoOps.valueOf(SocketStream.EPOLLPRI))
          .with(EpollIoOps.EPOLLET);

  private static final int EPOLLIN = 0x1;
  private static final int EPOLLPRI = 0x2;
  private static final int EPOLLOUT = 0x4;
  private static final int EPOLLERR = 0x8;
  private static final int EPOLLHUP = 0x10;
  private static final int EPOLLRDHUP = 0x2000;

  private static final int SOL_SOCKET = 1;
  private static final int SO_OOBINLINE = 10;
  private static final int IPPROTO_IP = 0;
  private static final int IP_BIND_ADDRESS_NO_PORT = 24; // ip(7)

  private final Socket socket;
  private final GuestStream guest;
  private final DescriptorBudget.Holder descriptors;
  private final GuestLink link;
  private final ByteBufAllocator allocator;
  private final WriteQueue queue;
  private final Deadline connectTimer;
  private final Supplier<Turn> turn;
  private final Work work =
      new Work() {
        @Override
        protected boolean run() {
          return serve();
        }

        @Override
        protected void broke(Throwable cause) {
          fail(new IOException("the stream broke", cause));
        }
      };
  private @Nullable IoRegistration registration;

  private boolean connecting;
  private boolean wanted;
  private boolean readable;
  private boolean hangup;
  private boolean urgent;
  private boolean failed;
  private boolean writableNow;
  private boolean inputEnded;
  private boolean writable;
  private boolean finishing;
  private boolean lingering;
  private boolean silent;
  private boolean closed;
  private int readSize = FIRST_READ;

  private SocketStream(
      GuestLink link,
      Socket socket,
      GuestStream guest,
      Supplier<Turn> turn,
      DescriptorBudget.Holder descriptors) {
    this.link = link;
    this.turn = turn;
    this.socket = socket;
    this.guest = guest;
    this.descriptors = descriptors;
    allocator = link.allocator();
    queue = new WriteQueue(allocator);
    connectTimer = new Deadline(link.timers(), () -> turn.get().charge(this::onConnectTimeout));
  }

  /**
   * Connects a socket, and splices it.
   *
   * @param timeout nanoseconds that the host's side may take to connect
   * @param turn finds whom the stream's work is charged to, each time anew
   * @param descriptors has granted a descriptor for it
   * @param through what the connection is to see in the stream's place
   */
  static void connect(
      GuestLink link,
      long timeout,
      InetSocketAddress target,
      Connection connection,
      Supplier<Turn> turn,
      DescriptorBudget.Holder descriptors,
      UnaryOperator<HostStream> through) {
    Socket socket;
    try {
      socket = Socket.newSocketStream();
    } catch (ChannelException e) {
      descriptors.kernelRefused();
      descriptors.giveBack();
      connection.failed(ConnectFailure.NO_DESCRIPTOR);
      return;
    }
    SocketStream stream = new SocketStream(link, socket, connection, turn, descriptors);
    connection.spliceTo(through.apply(stream));
    stream.connecting = true;
    try {
      configure(socket);
      bind(link.outbound(), socket, Address.of(target.getAddress()));
      boolean done = socket.connect(target);
      if (done) {
        stream.onConnected();
      } else {
        stream.connectTimer.set(timeout);
      }
      stream.register();
    } catch (IOException e) {
      stream.fail(e);
    }
  }

  private static void bind(Outbound outbound, Socket socket, Address target) throws IOException {
    outbound.hold(socket.intValue(), target);
    Address local = outbound.local(target);
    if (!local.isAny()) {
      // The port is chosen when it connects: it may be one that others use to other places.
      socket.setIntOpt(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
      socket.bind(new InetSocketAddress(local.toInetAddress(), 0));
    }
  }

  /**
   * Takes over a socket that a forward has accepted. Null if its peer has reset it: it is the
   * caller's then.
   *
   * @param turn finds whom the stream's work is charged to, each time anew
   * @param descriptors has granted a descriptor for it; given back by the stream, if there is one
   */
  static @Nullable HostStream adopt(
      GuestLink link,
      Socket accepted,
      GuestStream guest,
      Supplier<Turn> turn,
      DescriptorBudget.Holder descriptors) {
    try {
      configure(accepted);
    } catch (IOException e) {
      return null;
    }
    SocketStream stream = new SocketStream(link, accepted, guest, turn, descriptors);
    stream.writable = true;
    stream.register();
    return stream;
  }

  /** Resets a socket that nobody takes, and that no loop has watched. */
  static void refuse(Socket accepted) {
    if (!accepted.isOpen()) {
      return;
    }
    try {
      accepted.setSoLinger(0);
      accepted.close();
    } catch (IOException e) {
      LogEvent.of("close-failed").log(LOG, Logger.Level.DEBUG, e);
    }
  }

  private static void configure(Socket socket) throws IOException {
    socket.setTcpNoDelay(true);
    socket.setKeepAlive(true);
    // Urgent data stays in its place in the stream (RFC 6093 section 5): out of it, it would be
    // lost.
    socket.setIntOpt(SOL_SOCKET, SO_OOBINLINE, 1);
  }

  private void register() {
    if (closed) {
      return;
    }
    var _ =
        ((IoEventLoop) link.loop())
            .register(this)
            .addListener(done -> {
              if (!done.isSuccess()) {
                fail(new IOException("the socket cannot be watched", done.cause()));
                return;
              }
              IoRegistration made = (IoRegistration) done.getNow();
              if (closed) {
                made.cancel();
              } else {
                registration = made;
                made.submit(EVENTS);
              }
            });
  }

  @Override
  public @Nullable Address localAddress() {
    InetSocketAddress local = closed ? null : socket.localAddress();
    return local == null ? null : Address.of(local.getAddress());
  }

  // --- What epoll says

  @Override
  public FileDescriptor fd() {
    return socket;
  }

  @Override
  public void handle(IoRegistration from, IoEvent event) {
    int ready = ((EpollIoEvent) event).ops().value();
    if (connecting && (ready & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) {
      return;
    }
    if ((ready & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
      hangup = true;
      readable = true;
    }
    if ((ready & EPOLLPRI) != 0) {
      urgent = true;
    }
    if ((ready & EPOLLIN) != 0) {
      readable = true;
    }
    if ((ready & EPOLLERR) != 0) {
      failed = true;
    }
    if ((ready & EPOLLOUT) != 0) {
      writableNow = true;
    }
    turn.get().ready(work);
  }

  /** Does what the last events have made possible. Says whether there is more to read. */
  private boolean serve() {
    if (closed) {
      return false; // its number may be another's
    }
    if (connecting) {
      finishConnect();
      if (connecting) {
        forgetEvents();
        return false;
      }
    }
    if (failed && !closed) {
      failed = false;
      if ((!wanted || inputEnded) && !hasPeer()) {
        // No read will find the reset.
        fail(new IOException("connection reset by peer"));
        return false;
      }
    }
    if (writableNow && !closed) {
      writableNow = false;
      writable = true;
      drain();
    }
    return read();
  }

  /** Forgets events of an earlier descriptor with this number. */
  private void forgetEvents() {
    hangup = false;
    readable = false;
    urgent = false;
    failed = false;
    writableNow = false;
  }

  /**
   * Asks the socket whether it has connected. That epoll reports it proves nothing: a channel of
   * Netty's that has closed within this batch may have had the same number.
   */
  private void finishConnect() {
    try {
      // Asked first, because Netty's exceptions do not tell one kind of unreachable from another.
      int error = socket.getSoError();
      if (error != 0) {
        fail(new ErrnoException("connect", error));
      } else if (hasPeer()) {
        onConnected();
      }
    } catch (IOException e) {
      fail(e);
    }
  }

  /** Whether the kernel names a peer: not before a connection, nor after a reset (getpeername). */
  private boolean hasPeer() {
    return socket.remoteAddress() != null;
  }

  private void onConnected() {
    connecting = false;
    writable = true;
    connectTimer.clear();
    if (!silent) {
      guest.connected();
    }
  }

  private void onConnectTimeout() {
    if (connecting && (writableNow || hangup)) {
      finishConnect(); // what epoll has told waits for the port's turn
    }
    if (connecting) {
      fail(new IOException("connection timed out"));
    }
  }

  /** The socket is no longer useful. */
  private void fail(IOException cause) {
    boolean tell = !silent && !closed;
    boolean before = connecting;
    silent = true;
    connecting = false;
    shut();
    if (tell && before) {
      guest.failed(ConnectFailure.of(cause));
    } else if (tell) {
      guest.reset();
    }
  }

  // --- From the host

  @Override
  public void read(boolean on) {
    wanted = on;
    if (on && readable && !closed) {
      // Not at once: the caller is in the middle of something.
      turn.get().later(work);
    }
  }

  /** Reads a burst. Says whether there is more to read. */
  private boolean read() {
    if (!wanted || !readable || silent || inputEnded || connecting) {
      return false;
    }
    int reads = 0;
    try {
      do {
        readOnce();
        reads++;
      } while (wanted
          && readable
          && !silent
          && reads < READS
          && guest.room() > 0
          && !turn.get().isOver());
    } catch (IOException e) {
      fail(e);
      return false;
    } catch (OutOfDirectMemoryError e) {
      // Thrown by the allocator, before anything was read.
      fail(new IOException("no memory to read into", e));
      return false;
    }
    if (silent) {
      return false;
    }
    guest.flush();
    return wanted && readable && !closed;
  }

  private void readOnce() throws IOException {
    int size = Math.min(readSize, guest.burst());
    ByteBuf buffer =
        allocator.directBuffer(GuestStream.HEADROOM + size, GuestStream.HEADROOM + size);
    int got = 0;
    try {
      got =
          socket.recvAddress(
              buffer.memoryAddress(), GuestStream.HEADROOM, GuestStream.HEADROOM + size);
    } finally {
      if (got <= 0) {
        buffer.release();
      }
    }
    if (got < 0) {
      inputEnded = true;
      readable = false;
      guest.end();
      return;
    }
    if (got < size && !hangup && !urgent) {
      // Empty (epoll(7)). With the end in sight, the next read has to find it; and where urgent
      // data
      // has come, a read stops at its mark, with more behind it.
      readable = false;
    }
    if (got == 0) {
      readable = false;
      return;
    }
    if (got == size) {
      readSize = Math.min(LARGEST_READ, 4 * readSize);
    } else if (got < readSize / 8) {
      readSize = Math.max(SMALLEST_READ, readSize / 2);
    }
    guest.data(buffer.setIndex(GuestStream.HEADROOM, GuestStream.HEADROOM + got));
  }

  // --- To the host

  @Override
  public void write(ByteBuf payload) {
    if (closed) {
      return;
    }
    int index = payload.readerIndex();
    int length = payload.readableBytes();
    if (length < WRITE_AT_ONCE || !payload.hasMemoryAddress()) {
      queue.gather(payload, index, length, !writable);
      return;
    }
    int sent = 0;
    if (writable) {
      drain();
      if (closed) {
        return;
      }
      if (writable) {
        sent = send(payload, index, length);
      }
    }
    if (sent < length && !closed) {
      queue.add(payload.retainedSlice(index + sent, length - sent));
    }
  }

  private int send(ByteBuf payload, int index, int length) {
    try {
      int sent = socket.sendAddress(payload.memoryAddress(), index, index + length);
      writable = sent == length;
      return sent;
    } catch (IOException e) {
      fail(e);
      return 0;
    }
  }

  @Override
  public void flush() {
    if (writable && queue.bytes() > 0) {
      drain();
    }
  }

  private void drain() {
    int before = queue.bytes();
    try {
      if (before > 0) {
        writable = queue.writeTo(socket);
      }
      if (queue.bytes() == 0) {
        drained();
      }
    } catch (IOException e) {
      fail(e);
      return;
    }
    if (!silent && queue.bytes() < before) {
      guest.drained();
    }
  }

  private void drained() throws IOException {
    if (finishing) {
      finishing = false;
      try {
        socket.shutdown(false, true);
      } catch (NotYetConnectedException e) {
        // Netty's word for ENOTCONN: the peer has reset, and epoll has yet to say so.
        throw new IOException("connection reset by peer", e);
      }
    }
    if (lingering) {
      shut();
    }
  }

  @Override
  public int unsent() {
    return queue.bytes();
  }

  @Override
  public int memory() {
    return queue.memory();
  }

  @Override
  public void finish() {
    finishing = true;
    if (writable && !closed) {
      drain();
    }
  }

  @Override
  public void close() {
    silent = true;
    flush();
    if (queue.bytes() == 0) {
      shut();
    } else {
      // Nothing is read any more: the peer has ended, too.
      silent = false;
      lingering = true;
    }
  }

  @Override
  public void abort() {
    silent = true;
    if (!closed && !connecting) {
      try {
        socket.setSoLinger(0);
      } catch (IOException e) {
        // It is closed all the same.
      }
    }
    shut();
  }

  private void shut() {
    if (closed) {
      return;
    }
    closed = true;
    writable = false;
    connectTimer.cancel();
    queue.clear();
    IoRegistration made = registration;
    registration = null;
    if (made != null) {
      made.cancel();
    }
    descriptors.closing();
    LoopClosing.close(
        link.loop(),
        socket.intValue(),
        () -> {
          descriptors.closed();
          socket.close();
        });
  }
}
