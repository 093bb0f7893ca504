package io.lanyard.control.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 server on a UNIX socket.
 *
 * <p>Thread: {@link #bind} and {@link #close} from any thread, each once.
 */
public final class HttpServer implements AutoCloseable {
  /** Who may connect is the socket's owner and group. */
  private static final String SOCKET_MODE = "rw-rw----";

  /** Far more than a host's tools need, and far less than the descriptors a process has. */
  static final int MAX_CONNECTIONS = 256;

  /** The longest path that we serve is under 100 characters; this leaves room for a query. */
  private static final int MAX_LINE = 4096;

  /** curl sends some 100 bytes of headers. */
  private static final int MAX_HEADERS = 8192;

  /** The largest body that a resource takes. */
  static final int MAX_BODY = 64 * 1024;

  private static final int STOP_SECONDS = 2;

  /** {@code S_IFMT} and two of its values (inode(7)). */
  private static final int FILE_TYPE = 0170000;

  private static final int DIRECTORY = 0040000;
  private static final int SOCKET = 0140000;

  /** What the socket is called until its mode is right, besides a dot before its name. */
  private static final String FRESH = ".new";

  /**
   * What {@code sun_path} holds, less the zero at its end (unix(7)), the fresh name's dot and end.
   */
  private static final int LONGEST_PATH = 107 - 1 - FRESH.length();

  private final MultiThreadIoEventLoopGroup loop;
  private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final ExecutorService threads;
  private final Path socket;
  private final HttpMeter meter;
  private @Nullable Channel listener;
  private boolean served;

  private HttpServer(Path socket, HttpMeter meter) {
    this.socket = socket;
    this.meter = meter;
    this.loop =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("control", true), EpollIoHandler.newFactory());
    this.threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("control-", 0).factory());
  }

  /**
   * Opens the socket and answers. A socket that is there already and that nobody serves is
   * replaced.
   *
   * @param socket where; its directory exists
   * @param group the socket's group, or null to leave it
   * @param routes what is served
   * @param meter hears of every request
   * @return the running server
   * @throws IOException if the socket cannot be opened
   */
  public static HttpServer bind(Path socket, @Nullable String group, Routes routes, HttpMeter meter)
      throws IOException {
    HttpServer server = new HttpServer(socket, meter);
    try {
      server.open(group, routes);
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
    return server;
  }

  private void open(@Nullable String group, Routes routes) throws IOException {
    int length = socket.toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > LONGEST_PATH) {
      throw new IOException(
          "cannot listen on "
              + socket
              + ": a socket's path has at most "
              + LONGEST_PATH
              + " bytes, and this one "
              + length);
    }
    checkReplaceable();
    // Bound under another name and renamed when its mode is right: nobody can connect in between,
    // and a client never finds the path missing.
    Path fresh = socket.resolveSibling("." + socket.getFileName() + FRESH);
    Files.deleteIfExists(fresh);
    var bound =
        new ServerBootstrap()
            .group(loop)
            .channel(EpollServerDomainSocketChannel.class)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    accept(channel, routes);
                  }
                })
            .bind(new DomainSocketAddress(fresh.toFile()))
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException(
          "cannot listen on " + socket + ": " + bound.cause().getMessage(), bound.cause());
    }
    listener = bound.channel();
    Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString(SOCKET_MODE));
    if (group != null) {
      Files.getFileAttributeView(fresh, PosixFileAttributeView.class).setGroup(find(group));
    }
    Files.move(fresh, socket, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    served = true;
  }

  /** What a dead daemon left is replaced, and nothing else. */
  private void checkReplaceable() throws IOException {
    int mode;
    try {
      mode = (int) Files.getAttribute(socket, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return;
    }
    String why = null;
    if ((mode & FILE_TYPE) == DIRECTORY) {
      why = "it is a directory";
    } else if ((mode & FILE_TYPE) != SOCKET) {
      why = "there is a file that is no socket";
    } else if (isServed()) {
      why = "another process listens there";
    }
    if (why != null) {
      throw new IOException("cannot listen on " + socket + ": " + why);
    }
  }

  private boolean isServed() {
    try (SocketChannel connection = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      return connection.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private GroupPrincipal find(String group) throws IOException {
    try {
      return socket
          .getFileSystem()
          .getUserPrincipalLookupService()
          .lookupPrincipalByGroupName(group);
    } catch (UserPrincipalNotFoundException e) {
      throw new IOException("there is no group " + group + " to give the socket to", e);
    }
  }

  private void accept(Channel channel, Routes routes) {
    if (connections.size() >= MAX_CONNECTIONS) {
      meter.refused();
      var _ = channel.close();
      return;
    }
    connections.add(channel);
    var decoder =
        new HttpDecoderConfig()
            .setMaxInitialLineLength(MAX_LINE)
            .setMaxHeaderSize(MAX_HEADERS)
            .setMaxChunkSize(MAX_BODY);
    channel
        .pipeline()
        .addLast(HttpConnection.CODEC, new HttpServerCodec(decoder))
        .addLast(HttpConnection.AGGREGATOR, new BodyLimit(MAX_BODY))
        .addLast(new HttpConnection(routes, threads, meter));
  }

  /** Stops listening, closes every connection, and waits a moment for what is being answered. */
  @Override
  public void close() {
    if (listener != null) {
      listener.close().awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
      try {
        Files.deleteIfExists(
            served ? socket : socket.resolveSibling("." + socket.getFileName() + FRESH));
      } catch (IOException e) {
        // The next daemon replaces it.
        meter.failed(e);
      }
    }
    connections.close().awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
    threads.shutdownNow();
    loop.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS)
        .awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
  }
}
