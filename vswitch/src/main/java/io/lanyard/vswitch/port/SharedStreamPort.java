package io.lanyard.vswitch.port;

import io.lanyard.base.Causes;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.vswitch.ObservedPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.PortState;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.util.concurrent.Future;
import java.net.SocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/**
 * A socket that many VMMs connect to, or connections that are handed over: each client gets a
 * {@link StreamPort} of its own, which is gone when the client has left.
 *
 * <p>The port of a client is named after this one and the least free number: {@code qemu.1}, {@code
 * qemu.2}. This port itself passes no frames. Its state is that of the socket, and up while it has
 * clients.
 *
 * <p>A client beyond the limit is sent away, counted and logged at a limited rate. One that has
 * closed counts until all that it has sent was taken.
 *
 * <p>Thread: the network's loop only.
 */
public final class SharedStreamPort extends ObservedPort implements SharedPort, Dumpable {
  private static final System.Logger LOG = System.getLogger(SharedStreamPort.class.getName());

  private static final PortState NOT_OPEN =
      new PortState.NoCarrier("the socket is not open yet", "");

  private final Framing framing;
  private final PortContext context;
  private final StreamEndpoint endpoint;
  private final PortLog log;
  private final ClientPorts clients;
  private PortState waiting = NOT_OPEN;
  private final RefusedClients refused;
  private boolean closed;

  /**
   * Makes a port, to be attached by the caller and then started.
   *
   * @param name the port's name
   * @param kind its kind, as {@code qemu-stream}; its clients' ports have the same
   * @param mtu the largest IP packet on its clients' ports, in bytes
   * @param framing how frames lie in a stream
   * @param address where it listens
   * @param most how many clients it has at a time
   * @param context the network
   */
  public SharedStreamPort(
      String name,
      String kind,
      int mtu,
      Framing framing,
      StreamAddress.Listen address,
      int most,
      PortContext context) {
    super(name, kind, mtu, NOT_OPEN);
    this.framing = framing;
    this.context = context;
    this.refused = new RefusedClients(context.timers().clock());
    this.log = new PortLog(LOG, name, context);
    this.clients = new ClientPorts(most);
    this.endpoint = new ListeningEndpoint(address, context, new Client());
  }

  /**
   * Makes a port that listens nowhere, to be attached by the caller and then started: its clients
   * are what it {@linkplain #take takes}.
   *
   * @param name the port's name
   * @param kind its kind; its clients' ports have the same
   * @param mtu the largest IP packet on its clients' ports, in bytes
   * @param framing how frames lie in a stream
   * @param most how many clients it has at a time
   * @param context the network
   */
  public SharedStreamPort(
      String name, String kind, int mtu, Framing framing, int most, PortContext context) {
    super(name, kind, mtu, NOT_OPEN);
    this.framing = framing;
    this.context = context;
    this.refused = new RefusedClients(context.timers().clock());
    this.log = new PortLog(LOG, name, context);
    this.clients = new ClientPorts(most);
    this.endpoint = new HandedEndpoint(new Client());
  }

  /** The port as its endpoint sees it. */
  private final class Client implements StreamEndpoint.Client {
    @Override
    public void offer(Channel channel) {
      accept(channel);
    }

    @Override
    public void waiting(PortState now) {
      waiting = now;
      update();
    }
  }

  /**
   * Takes a connection that stands. Closes it where there is no room for it.
   *
   * @param descriptor a connected UNIX stream socket, owned by the port from now on
   * @param first what was read from it already; not copied
   */
  public void take(int descriptor, byte[] first) {
    EpollDomainSocketChannel channel = new EpollDomainSocketChannel(descriptor);
    channel.config().setAllocator(context.allocator());
    EventLoopGroup loop = context.loop();
    loop.register(channel)
        .addListener(done -> {
          if (!done.isSuccess()) {
            refuse(channel, Causes.of(done.cause()));
            return;
          }
          accept(channel);
          if (first.length > 0 && channel.isOpen()) {
            channel.pipeline().fireChannelRead(Unpooled.wrappedBuffer(first));
            channel.pipeline().fireChannelReadComplete();
          }
        });
  }

  /**
   * Takes a socket that another process has opened. Closes it where there is no room for it.
   *
   * @param descriptor a connected stream socket, owned by the port from now on; whether it blocks
   *     is all the same
   * @param isUnix whether it is a UNIX socket; else one of TCP
   * @return the name of its port; fails with an {@link IllegalStateException} where there is no
   *     room
   */
  public CompletableFuture<String> take(int descriptor, boolean isUnix) {
    Channel channel = new GivenChannel(descriptor, isUnix);
    channel.config().setAllocator(context.allocator());
    CompletableFuture<String> taken = new CompletableFuture<>();
    EventLoopGroup loop = context.loop();
    loop.register(channel)
        .addListener(done -> {
          int free = clients.free();
          String problem;
          if (done.isSuccess()) {
            problem = accept(channel);
          } else {
            problem = Causes.of(done.cause());
            refuse(channel, problem);
          }
          if (problem.isEmpty()) {
            taken.complete(name() + "." + (free + 1));
          } else {
            taken.completeExceptionally(new IllegalStateException(problem));
          }
        });
    return taken;
  }

  @Override
  public void attachBy(Clients network) {
    clients.attachBy(network);
  }

  @Override
  public void start() {
    endpoint.start();
  }

  private void update() {
    become(closed ? PortState.closed() : clients.present() > 0 ? PortState.up() : waiting);
  }

  /** Gives a connection a port, or closes it; answers why, or an empty text. */
  private String accept(Channel channel) {
    int free = clients.free();
    if (closed) {
      Future<?> _ = channel.close();
      return "the network ends";
    }
    String problem = free < 0 ? clients.tooMany() : open(channel, free);
    if (!problem.isEmpty()) {
      refuse(channel, problem);
    }
    return problem;
  }

  /** Answers why a port cannot be attached, or an empty text. */
  private String open(Channel channel, int number) {
    StreamPort[] made = new StreamPort[1];
    Runnable over = () -> over(number, made);
    String name = name() + "." + (number + 1);
    StreamPort client =
        new StreamPort(
            name, kind(), mtu(), framing, channel, address(), context, log.of(name), over);
    made[0] = client;
    String problem = "";
    try {
      clients.attach(number, client);
    } catch (RuntimeException e) {
      problem = Causes.of(e);
    }
    update();
    return problem;
  }

  private void refuse(Channel channel, String cause) {
    refused.add(cause);
    log.refused(cause);
    Future<?> _ = channel.close();
  }

  /** Ends a client's port after the work that has told of its end: that may be the port's turn. */
  private void over(int number, StreamPort[] made) {
    try {
      context
          .loop()
          .execute(() -> {
            if (clients.detach(number, made[0])) {
              update();
            }
          });
    } catch (RejectedExecutionException e) {
      // The network has ended, with all its ports.
    }
  }

  @Override
  public String limitation() {
    return refused.problem();
  }

  @Override
  public boolean transmit(Passage passage, ByteBuf frame) {
    return false; // nobody is behind it: each client has a port of its own
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    endpoint.close();
    clients.close();
    update();
  }

  /**
   * The address that the port listens on.
   *
   * @return with the port that the kernel chose, where 0 was asked for
   */
  public SocketAddress address() {
    return endpoint.address();
  }

  @Override
  public Offloads offloads() {
    return Offloads.NONE;
  }

  @Override
  public DumpNode dump() {
    return DumpNode.of("stream " + address())
        .with("role", endpoint.role())
        .with("clients", clients.present())
        .with("mostClients", clients.most())
        .with("connections", clients.attached())
        .withNonZero("refusedClients", refused.count())
        .withNonZero("failedAccepts", endpoint.acceptFailures())
        .build();
  }
}
