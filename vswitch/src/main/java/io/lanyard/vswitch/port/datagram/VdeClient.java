package io.lanyard.vswitch.port.datagram;

import io.lanyard.base.Causes;
import io.lanyard.base.Timers;
import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.Errno;
import io.lanyard.linux.SocketName;
import io.lanyard.vswitch.port.PortContext;
import io.lanyard.vswitch.port.SocketFile;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One client of a VDE port, from its request on {@code ctl} to its end.
 *
 * <p>The answer to a {@link VdeRequest} is a {@code sockaddr_un}.
 *
 * <p>The client names the {@link ClientSocket} that it is sent to.
 *
 * <p>Thread: the network's loop only; sockets are opened by one that may wait.
 */
final class VdeClient extends ChannelInboundHandlerAdapter {
  private static final int ADDRESS = 110;
  private static final int AF_UNIX = 1;
  private static final long REQUEST_NANOS = 5_000_000_000L;

  private final Channel channel;
  private final VdePort port;
  private final PortContext context;
  private final Timers.Timer timeout;
  private final byte[] request = new byte[VdeRequest.LENGTH];
  private int length;
  private boolean ended;

  /** The client's number, port and data socket, once it has them. */
  private int number = -1;

  private @Nullable DatagramPort client;
  private @Nullable SocketFile file;

  VdeClient(Channel channel, VdePort port, PortContext context) {
    this.channel = channel;
    this.port = port;
    this.context = context;
    this.timeout =
        context.timers().create(() -> port.refuse(channel, "it has not said its address in 5 s"));
    timeout.arm(REQUEST_NANOS);
  }

  @Override
  public void channelRead(ChannelHandlerContext handler, Object message) {
    ByteBuf in = (ByteBuf) message;
    try {
      int count =
          Math.min(request.length - length, in.readableBytes()); // the description is not kept
      in.readBytes(request, length, count);
      length += count;
    } finally {
      in.release();
    }
    if (length == request.length && timeout.armed()) {
      timeout.cancel();
      asked();
    }
  }

  private void asked() {
    Path path = VdeRequest.path(request);
    if (path == null) {
      port.refuse(channel, "its request is not one of VDE's version 3, or has no absolute path");
      return;
    }
    try {
      int user = ((EpollDomainSocketChannel) channel).peerCredentials().uid();
      SocketFile its = port.nextDataFile();
      context.blocking().execute(() -> open(path, user, its));
    } catch (IOException | RuntimeException | Error e) {
      port.refuse(channel, Causes.of(e));
    }
  }

  /** On a thread that may wait. */
  private void open(Path path, int user, SocketFile made) {
    try {
      made.clear();
      BatchSocket socket = BatchSocket.unixDatagram(SocketName.of(made.path()));
      try {
        connect(socket, path, user);
        made.grant();
      } catch (IOException | RuntimeException e) {
        drop(socket, made);
        throw e;
      }
      post(() -> opened(socket, made), () -> drop(socket, made));
    } catch (IOException | RuntimeException e) {
      post(() -> port.refuse(channel, Causes.of(e)), () -> {});
    }
  }

  /**
   * Connects a socket to that of a client, if it is its user's.
   *
   * @param user the client's user; 0 may name any socket
   */
  static void connect(BatchSocket socket, Path path, int user) throws IOException {
    try (ClientSocket client = ClientSocket.of(path, user)) {
      int result = socket.connect(client.name());
      if (result < 0) {
        throw new IOException("cannot send to " + path + ": " + Errno.name(-result));
      }
    }
  }

  private void post(Runnable task, Runnable otherwise) {
    try {
      context.loop().execute(task);
    } catch (RejectedExecutionException e) {
      otherwise.run(); // the network has ended
    }
  }

  private static void drop(BatchSocket socket, SocketFile made) {
    socket.close();
    made.remove();
  }

  private void opened(BatchSocket socket, SocketFile made) {
    int free = port.free();
    if (ended || port.isClosed() || free < 0) {
      drop(socket, made);
      var _ = channel.close();
      return;
    }
    file = made;
    number = free;
    port.talked();
    client = port.open(channel, free, socket, made);
    var _ = channel.writeAndFlush(answer(made.path()));
  }

  private ByteBuf answer(Path path) {
    byte[] text = path.toString().getBytes(StandardCharsets.UTF_8);
    return context
        .allocator()
        .directBuffer(ADDRESS)
        .writeShortLE(AF_UNIX)
        .writeBytes(text)
        .writeZero(ADDRESS - 2 - text.length);
  }

  @Override
  public void channelInactive(ChannelHandlerContext handler) {
    if (ended) {
      return;
    }
    ended = true;
    timeout.cancel();
    DatagramPort its = client;
    if (number < 0) {
      port.talked();
    } else if (its != null) {
      port.gone(number, its);
    }
    if (file != null) {
      file.remove();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext handler, Throwable cause) {
    var _ = channel.close(); // the client has gone
  }
}
