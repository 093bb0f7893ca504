package io.lanyard.vswitch.port;

import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.Timers;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortCounters;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A VMM that speaks QEMU's stream protocol: {@code -netdev stream}, {@code -netdev socket}, passt's
 * socket, socket_vmnet, libkrun. Over a UNIX or a TCP socket, listening or connecting.
 *
 * <p>A port has one client. While it is there, another that connects is sent away and counted, as
 * QEMU and passt do: two guests that were given the same path by mistake do not throw each other
 * off without end. A client whose process ends frees the port at once; one whose host vanished,
 * over TCP, after {@value #TCP_TIMEOUT_SECONDS} s.
 *
 * <p>A connecting port tries again for as long as it is open, after {@value #FIRST_RETRY_MILLIS} ms
 * at first and {@value #LAST_RETRY_MILLIS} ms at most.
 *
 * <p>The protocol has no offloads. A burst leaves in one write. A client that does not read loses
 * whole frames, counted as QUEUE_FULL, once {@value #QUEUE_BYTES} bytes or {@value #QUEUE_FRAMES}
 * of the network's largest frames wait for it, whichever is more.
 *
 * <p>Thread: the network's loop only.
 */
public final class QemuStreamPort implements Port, Dumpable {
  /** How much may wait for a client that does not read: about a hundred ms at 100 Mbit/s. */
  static final int QUEUE_BYTES = 1 << 20;

  /** Fewer would make TCP lose a segment at nearly every burst where frames are 64 KiB. */
  static final int QUEUE_FRAMES = 64;

  static final int FIRST_RETRY_MILLIS = 100;
  static final int LAST_RETRY_MILLIS = 5000;
  static final int TCP_TIMEOUT_SECONDS = 25;

  private static final System.Logger LOG = System.getLogger(QemuStreamPort.class.getName());

  private final Settings settings;
  private final EventLoop loop;
  private final Switch network;
  private final ByteBufAllocator allocator;
  private final Timers.Timer retry;
  private final PortCounters counters = new PortCounters();
  private @Nullable Channel listener;
  private @Nullable StreamConnection connection;
  private int retryMillis = FIRST_RETRY_MILLIS;
  private long connections;
  private long refused;
  private long broken;
  private boolean closed;
  private boolean told;

  /**
   * The settings of a stream port.
   *
   * @param name the port's name
   * @param listen true to wait for the VMM, false to connect to it
   * @param address a {@link DomainSocketAddress}, or an {@link InetSocketAddress} that is resolved
   * @param mtu the network's MTU, which bounds the frames that are sent
   */
  public record Settings(String name, boolean listen, SocketAddress address, int mtu) {
    /** Refuses an address of another kind. */
    public Settings {
      if (!(address instanceof DomainSocketAddress)
          && !(address instanceof InetSocketAddress inet && !inet.isUnresolved())) {
        throw new IllegalArgumentException(
            "port "
                + name
                + " needs the path of a socket, or an IP address and port, not "
                + address);
      }
    }

    /**
     * Settings for a UNIX socket.
     *
     * @param name the port's name
     * @param listen true to wait for the VMM, false to connect to it
     * @param path the socket
     * @param mtu the network's MTU
     * @return the settings
     */
    public static Settings unix(String name, boolean listen, Path path, int mtu) {
      return new Settings(name, listen, new DomainSocketAddress(path.toString()), mtu);
    }
  }

  /**
   * Makes a port, to be attached by the caller and then started.
   *
   * @param settings what to make
   * @param loop the network's loop, one whose I/O is epoll
   * @param timers the network's timers
   * @param network the switch that the port is attached to
   * @param allocator where frames are kept; direct and pooled
   */
  public QemuStreamPort(
      Settings settings,
      EventLoop loop,
      Timers timers,
      Switch network,
      ByteBufAllocator allocator) {
    this.settings = settings;
    this.loop = loop;
    this.network = network;
    this.allocator = allocator;
    this.retry = timers.create(this::connect);
  }

  /**
   * Begins to listen or to connect.
   *
   * @return done once the port listens, or has tried to connect for the first time; fails with an
   *     {@link IOException} that says what to do if it cannot listen
   */
  public Future<Void> start() {
    Promise<Void> started = loop.newPromise();
    if (!settings.listen()) {
      connect();
      return started.setSuccess(null);
    }
    try {
      if (settings.address() instanceof DomainSocketAddress unix) {
        StaleSocket.remove(Path.of(unix.path()));
      }
    } catch (IOException e) {
      return started.setFailure(e);
    }
    boolean unix = settings.address() instanceof DomainSocketAddress;
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loop)
            .channel(unix ? EpollServerDomainSocketChannel.class : EpollServerSocketChannel.class)
            .childOption(ChannelOption.ALLOCATOR, allocator)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    accepted(channel);
                  }
                });
    if (!unix) {
      bootstrap.option(ChannelOption.SO_REUSEADDR, true);
    }
    bootstrap
        .bind(settings.address())
        .addListener((ChannelFuture bound) -> listening(bound, started));
    return started;
  }

  private void listening(ChannelFuture bound, Promise<Void> started) {
    if (!bound.isSuccess()) {
      started.setFailure(
          new IOException(
              "port "
                  + settings.name()
                  + " cannot listen on "
                  + settings.address()
                  + ": "
                  + bound.cause().getMessage()
                  + "; choose another address, or check the directory",
              bound.cause()));
    } else if (closed) {
      Future<?> _ = bound.channel().close();
      started.setFailure(new IOException("port " + settings.name() + " was closed"));
    } else {
      listener = bound.channel();
      started.setSuccess(null);
    }
  }

  private void accepted(Channel channel) {
    if (closed || connection != null) {
      refused++;
      LOG.log(
          Level.WARNING,
          "event=client-refused port="
              + settings.name()
              + " advice=\"the port has a client; give each guest a port of its own\"");
      Future<?> _ = channel.close();
    } else {
      open(channel);
    }
  }

  private void connect() {
    if (closed) {
      return;
    }
    boolean unix = settings.address() instanceof DomainSocketAddress;
    new Bootstrap()
        .group(loop)
        .channel(unix ? EpollDomainSocketChannel.class : EpollSocketChannel.class)
        .option(ChannelOption.ALLOCATOR, allocator)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, LAST_RETRY_MILLIS)
        .handler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                // What reads is added once the connection stands.
              }
            })
        .connect(settings.address())
        .addListener((ChannelFuture done) -> connected(done));
  }

  private void connected(ChannelFuture done) {
    if (!done.isSuccess()) {
      if (!told) {
        told = true;
        LOG.log(
            Level.INFO,
            "event=port-waits port="
                + settings.name()
                + " address="
                + settings.address()
                + " cause=\""
                + done.cause().getMessage()
                + "\"");
      }
      again();
    } else if (closed) {
      Future<?> _ = done.channel().close();
    } else {
      told = false;
      retryMillis = FIRST_RETRY_MILLIS;
      open(done.channel());
    }
  }

  private void again() {
    if (!closed) {
      retry.arm(retryMillis * 1_000_000L);
      retryMillis = Math.min(2 * retryMillis, LAST_RETRY_MILLIS);
    }
  }

  private void open(Channel channel) {
    if (channel instanceof EpollSocketChannel) {
      channel.config().setOption(ChannelOption.TCP_NODELAY, true);
      channel.config().setOption(ChannelOption.SO_KEEPALIVE, true);
      channel.config().setOption(EpollChannelOption.TCP_KEEPIDLE, 10);
      channel.config().setOption(EpollChannelOption.TCP_KEEPINTVL, 5);
      channel.config().setOption(EpollChannelOption.TCP_KEEPCNT, 3);
      channel.config().setOption(EpollChannelOption.TCP_USER_TIMEOUT, TCP_TIMEOUT_SECONDS * 1000);
    }
    connections++;
    connection = new StreamConnection(channel, this, network, allocator);
    channel.pipeline().addLast(connection);
    LOG.log(Level.INFO, "event=client-connected port=" + settings.name());
  }

  /** The connection's end, told by itself, once. */
  void disconnected(StreamConnection ended, boolean badLength) {
    if (badLength) {
      broken++;
    }
    LOG.log(
        badLength ? Level.WARNING : Level.INFO,
        "event=client-disconnected port="
            + settings.name()
            + (badLength ? " cause=\"a frame's length is impossible\"" : ""));
    if (connection == ended) {
      connection = null;
      network.carrierLost(this);
      if (!settings.listen()) {
        again();
      }
    }
  }

  @Override
  public boolean transmit(Passage passage, ByteBuf frame) {
    StreamConnection current = connection;
    if (current == null) {
      counters.transmitDropped(DropCause.NO_CARRIER);
      return false;
    }
    if (!current.write(frame)) {
      counters.transmitDropped(DropCause.QUEUE_FULL);
      return false;
    }
    return true;
  }

  @Override
  public void flush() {
    StreamConnection current = connection;
    if (current != null) {
      current.flush();
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    retry.cancel();
    if (listener != null) {
      Future<?> _ = listener.close(); // removes the socket's file too
    }
    if (connection != null) {
      connection.close();
    }
  }

  @Override
  public String name() {
    return settings.name();
  }

  /**
   * The address that the port listens on or connects to.
   *
   * @return with the port that the kernel chose, where 0 was asked for
   */
  public SocketAddress address() {
    Channel open = listener;
    SocketAddress bound = open == null ? null : open.localAddress();
    return bound == null ? settings.address() : bound;
  }

  /**
   * Whether a client is connected.
   *
   * @return whether frames can pass
   */
  public boolean connected() {
    return connection != null;
  }

  @Override
  public boolean carrier() {
    return connected();
  }

  /** How much may wait for the client. */
  int queueBytes() {
    return Math.max(QUEUE_BYTES, QUEUE_FRAMES * Ethernet.largestFrame(settings.mtu()));
  }

  @Override
  public int mtu() {
    return settings.mtu();
  }

  @Override
  public Offloads offloads() {
    return Offloads.NONE;
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  @Override
  public DumpNode dump() {
    StreamConnection current = connection;
    return DumpNode.of("qemu-stream " + address())
        .with("role", settings.listen() ? "listen" : "connect")
        .with("carrier", current != null)
        .with("connections", connections)
        .withNonZero("refusedClients", refused)
        .withNonZero("brokenStreams", broken)
        .withNonZero("queuedBytes", current == null ? 0 : current.queuedBytes())
        .build();
  }
}
