package io.lanyard.control.http;

import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.control.api.Role;
import io.lanyard.linux.UserNames;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 server on a UNIX socket or on TCP.
 *
 * <p>A client for which there is no place is told so ({@link Limits}); the daemon's own user and
 * root find one while others fill theirs.
 *
 * <p>Thread: {@code bind} and {@link #close} from any thread, each once.
 */
public final class HttpServer implements AutoCloseable {
  /** The path at which a client's connection itself may be taken over: gvproxy's. */
  public static final String HAND_OVER = "/connect";

  /** The largest body that a resource takes, in bytes: a configuration of some thousand ports. */
  public static final int MAX_BODY = 1024 * 1024;

  /** Connections that are being told that there is no place; any more are closed at once. */
  private static final int MOST_REFUSALS = 64;

  private static final int STOP_SECONDS = 2;

  /** As long as a client may take to read an answer. */
  private static final int DRAIN_SECONDS = 30;

  /** How long a stream goes on at most whose sender's token was removed. */
  private static final int REVIEW_SECONDS = 5;

  private static final System.Logger LOG = System.getLogger(HttpServer.class.getName());

  private final RateLimitedLog log = new RateLimitedLog(LOG, Clock.system());
  private final String name;
  private final MultiThreadIoEventLoopGroup loop;
  private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final ExecutorService threads;
  private final Limits limits;
  private final Places places;
  private final Places streams;
  private final OpenStreams open = new OpenStreams();
  private final LargeBodies bodies = new LargeBodies();
  private final Callers callers;
  private final Dispatcher dispatcher;
  private final HttpMeter meter;
  private final int owner;
  private @Nullable SocketFile file;
  private @Nullable Tls tls;
  private @Nullable Channel listener;
  private int refusals;
  private volatile String acceptProblem = "";

  private HttpServer(
      String name, int owner, Limits limits, Routes routes, Callers callers, HttpMeter meter) {
    this.name = name;
    this.owner = owner;
    this.limits = limits;
    this.places = new Places(limits, "connections", Clock.system());
    this.streams =
        new Places(
            limits.ofStreams(), "event streams, captures and consoles together", Clock.system());
    this.callers = callers;
    this.dispatcher = new Dispatcher(routes, callers, meter);
    this.meter = meter;
    this.loop =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory(name, true), EpollLoops.factory());
    this.threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name(name + "-", 0).factory());
  }

  /**
   * Checks whether a UNIX socket can be where {@link #bind} is to open one. Changes nothing.
   *
   * @param socket where
   * @throws IOException with why not: another process listens there, or there is something else
   */
  public static void checkPlace(Path socket) throws IOException {
    new SocketFile(socket).check();
  }

  /**
   * Opens a UNIX socket and answers. A socket that is there already and that nobody serves is
   * replaced.
   *
   * @param socket where; its directory exists
   * @param group the socket's group, or null to leave it
   * @param owner the daemon's own user, who has places of its own
   * @param limits who may have how many connections
   * @param routes what is served
   * @param meter hears of every request
   * @param accept what becomes of an {@code accept} that fails
   * @return the running server
   * @throws IOException if the socket cannot be opened
   */
  public static HttpServer bind(
      Path socket,
      @Nullable String group,
      int owner,
      Limits limits,
      Routes routes,
      HttpMeter meter,
      AcceptHandlers accept)
      throws IOException {
    HttpServer server =
        // A user that may open the socket may do all.
        new HttpServer(
            "control", owner, limits, routes, (peer, none) -> new Caller(peer, Role.ADMIN), meter);
    try {
      SocketFile file = new SocketFile(socket);
      server.file = file;
      server.listen(
          EpollServerDomainSocketChannel.class,
          new DomainSocketAddress(file.prepare().toFile()),
          socket.toString(),
          accept);
      file.publish(group);
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
    return server;
  }

  /**
   * A server on TCP.
   *
   * @param name the server's name for logs
   * @param address where it listens; port 0 is one that is free
   * @param tls the certificate, or null to speak in the clear
   * @param callers finds out who sends a request
   */
  public record Tcp(String name, InetSocketAddress address, @Nullable Tls tls, Callers callers) {}

  /**
   * Opens a TCP socket and answers.
   *
   * @param tcp where, and to whom
   * @param limits who may have how many connections
   * @param routes what is served
   * @param meter hears of every request
   * @param accept what becomes of an {@code accept} that fails
   * @return the running server
   * @throws IOException if the socket cannot be opened
   */
  public static HttpServer bind(
      Tcp tcp, Limits limits, Routes routes, HttpMeter meter, AcceptHandlers accept)
      throws IOException {
    HttpServer server = new HttpServer(tcp.name(), -1, limits, routes, tcp.callers(), meter);
    server.tls = tcp.tls();
    try {
      server.listen(
          EpollServerSocketChannel.class, tcp.address(), tcp.address().toString(), accept);
      var _ =
          server.loop.scheduleWithFixedDelay(
              server::review, REVIEW_SECONDS, REVIEW_SECONDS, TimeUnit.SECONDS);
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
    return server;
  }

  private void listen(
      Class<? extends ServerChannel> type,
      SocketAddress address,
      String shown,
      AcceptHandlers accept)
      throws IOException {
    var bound =
        new ServerBootstrap()
            .group(loop)
            .channel(type)
            .handler(accept.make(this::cannotAccept, this::acceptsAgain))
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    accept(channel);
                  }
                })
            .bind(address)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException(
          "cannot listen on " + shown + ": " + bound.cause().getMessage(), bound.cause());
    }
    listener = bound.channel();
  }

  /**
   * The server's loop, for the watchdog.
   *
   * @return runs tasks on the server's loop
   */
  public Executor loop() {
    return loop;
  }

  /**
   * Why clients are not served at present. Thread: any.
   *
   * @return that none can be accepted, or who holds most connections, and what to do about it;
   *     empty where nobody was refused within a minute
   */
  public String problem() {
    String present = acceptProblem;
    if (present.isEmpty()) {
      present = places.problem();
    }
    return present.isEmpty() ? streams.problem() : present;
  }

  /** On the loop. */
  private void cannotAccept(String reason, String remedy) {
    boolean told = !acceptProblem.isEmpty();
    acceptProblem = reason + "; " + remedy;
    if (!told) {
      log.log(
          Level.WARNING,
          "accept-failed",
          line -> line.with("server", name).with("cause", reason).with("advice", remedy));
    }
  }

  /** On the loop. */
  private void acceptsAgain() {
    acceptProblem = "";
    log.log(Level.INFO, "accepts-again", line -> line.with("server", name));
  }

  /**
   * The port of a server on TCP.
   *
   * @return the port that it listens on
   */
  public int port() {
    return ((InetSocketAddress) Objects.requireNonNull(listener).localAddress()).getPort();
  }

  /** On the loop. */
  private void accept(Channel channel) {
    Places.Client client;
    try {
      client = client(channel);
    } catch (IOException e) {
      // It has gone already.
      var _ = channel.close();
      return;
    }
    Tls secured = tls;
    if (secured != null) {
      channel.pipeline().addLast(secured.handler(channel.alloc()));
    }
    if (!places.take(client)) {
      meter.refused();
      refuse(channel);
      return;
    }
    connections.add(channel);
    channel.closeFuture().addListener(closed -> places.release(client));
    new HttpConnection(
            dispatcher,
            threads,
            meter,
            peer(channel, client),
            new StreamPlace(streams, open, client),
            new BodyLimit(MAX_BODY, bodies, client),
            limits.firstRequest())
        .install(channel.pipeline());
  }

  private static String peer(Channel channel, Places.Client client) {
    return client.key() instanceof Integer user
        ? "user " + UserNames.of(user)
        : address(channel).getHostAddress();
  }

  private Places.Client client(Channel channel) throws IOException {
    if (channel instanceof EpollDomainSocketChannel local) {
      int user = local.peerCredentials().uid();
      return new Places.Client(user, user == owner || user == 0);
    }
    return Places.Client.at(address(channel));
  }

  private static InetAddress address(Channel channel) {
    return ((InetSocketAddress) channel.remoteAddress()).getAddress();
  }

  private void refuse(Channel channel) {
    if (refusals >= MOST_REFUSALS) {
      var _ = channel.close();
      return;
    }
    refusals++;
    channel.closeFuture().addListener(closed -> refusals--);
    Refusal.begin(channel);
  }

  /** Ends the streams of senders that are known no more, in the background. Thread: any. */
  public void review() {
    if (!open.isEmpty()) {
      try {
        threads.execute(() -> open.review(callers));
      } catch (RejectedExecutionException e) {
        // The server is stopping, and every stream with it.
      }
    }
  }

  /**
   * Stops listening and ends every connection: a stream and one that waits for a request at once,
   * another when it is answered, at the latest after {@value #DRAIN_SECONDS} s. Closes the server
   * then. In the background, but for the listening. Instead of {@link #close}.
   */
  public void drain() {
    stopListening();
    open.close();
    loop.execute(() -> connections.forEach(HttpServer::finish));
    Thread.ofVirtual()
        .name(name + "-drain")
        .start(() -> {
          connections.newCloseFuture().awaitUninterruptibly(DRAIN_SECONDS, TimeUnit.SECONDS);
          close();
        });
  }

  /** On the loop. */
  private static void finish(Channel channel) {
    HttpConnection connection = channel.pipeline().get(HttpConnection.class);
    if (connection == null) { // a stream
      var _ = channel.close();
    } else {
      connection.finish(channel);
    }
  }

  private void stopListening() {
    if (listener != null) {
      listener.close().awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
    }
  }

  /** Stops listening, closes every connection, and waits a moment for what is being answered. */
  @Override
  public void close() {
    stopListening();
    if (file != null) {
      try {
        file.remove();
      } catch (IOException e) {
        // The next daemon replaces it.
        meter.failed(e);
      }
    }
    connections.close().awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
    threads.shutdownNow();
    awaitThreads();
    loop.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS)
        .awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
  }

  /** The answers' last words run on the loop. */
  private void awaitThreads() {
    try {
      if (!threads.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
        LogEvent.of("answers-left").with("server", name).log(LOG, Level.DEBUG);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
