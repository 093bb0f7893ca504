package io.lanyard.vswitch.port;

import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.ObservedPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.util.concurrent.Future;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A VMM at the other end of a UNIX or TCP connection: a {@link Framing} times a {@link
 * StreamAddress}. With QEMU's framing that is {@code -netdev stream}, {@code -netdev socket},
 * passt's socket, socket_vmnet, libkrun.
 *
 * <p>A port has one client. While it is there, another that connects is sent away and counted, as
 * QEMU and passt do: two guests that were given the same path by mistake do not throw each other
 * off without end. A client that closes frees the port at once, also for itself: the next one is
 * accepted, and its data is taken once all that the former has sent was. Up to {@value
 * #MOST_WAITING} clients wait so. One whose host vanished, over TCP, frees the port after {@value
 * #TCP_TIMEOUT_SECONDS} s.
 *
 * <p>A stream has no offloads. A burst leaves in one write. A client that does not read loses whole
 * frames, counted as QUEUE_FULL, once {@value #QUEUE_BYTES} bytes or {@value #QUEUE_FRAMES} of the
 * port's largest frames wait for it, whichever is more; or as NO_BUFFERS once all that waits takes
 * the port's part of the memory for frames.
 *
 * <p>Thread: the network's loop only.
 */
public final class StreamPort extends ObservedPort implements Dumpable {
  /** How much may wait for a client that does not read: about a hundred ms at 100 Mbit/s. */
  static final int QUEUE_BYTES = 1 << 20;

  /** Fewer would make TCP lose a segment at nearly every burst where frames are 64 KiB. */
  static final int QUEUE_FRAMES = 64;

  static final int TCP_TIMEOUT_SECONDS = 25;

  /**
   * One that connects, writes and closes without end has so many socket buffers waiting at most.
   */
  static final int MOST_WAITING = 4;

  private static final PortState NOT_OPEN =
      new PortState.NoCarrier("the socket is not open yet", "");

  private static final PortState GREETING =
      new PortState.NoCarrier(
          "the client has not finished its handshake", "see that it speaks the port's protocol");

  private static final System.Logger LOG = System.getLogger(StreamPort.class.getName());

  private final Framing framing;
  private final PortContext context;
  private final PortBuffers buffers;
  private final StreamEndpoint endpoint;
  private final PortLog log;
  private PortState waiting = NOT_OPEN;

  /** The client whose data is taken: the present one, or one that has closed already. */
  private @Nullable StreamConnection connection;

  /** The same while frames can be sent to it. */
  private @Nullable StreamConnection reachable;

  /** Clients that have connected since it closed. All but the last have closed, too. */
  private final ArrayDeque<StreamConnection> next = new ArrayDeque<>();

  private long connections;
  private final RefusedClients refused;
  private long broken;
  private boolean closed;

  /**
   * Makes a port, to be attached by the caller and then started.
   *
   * @param name the port's name
   * @param kind its kind, as {@code qemu-stream}
   * @param mtu the largest IP packet on it, in bytes
   * @param framing how frames lie in the stream
   * @param address where the client comes from
   * @param context the network
   */
  public StreamPort(
      String name,
      String kind,
      int mtu,
      Framing framing,
      StreamAddress address,
      PortContext context) {
    super(name, kind, mtu, NOT_OPEN);
    this.framing = framing;
    this.context = context;
    this.buffers = PortBuffers.of(context.network(), name, context.allocator());
    this.refused = new RefusedClients(context.timers().clock());
    this.log = new PortLog(LOG, name, context);
    Client client = new Client();
    this.endpoint =
        address instanceof StreamAddress.Listen listen
            ? new ListeningEndpoint(listen, context, client)
            : new ConnectingEndpoint(name, address.address(), context, client);
  }

  /**
   * Makes the port of one connection that stands, which it owns.
   *
   * @param at where the connection was accepted
   * @param log limits the lines of all ports whose connections are accepted there
   * @param over told once the connection is over
   */
  StreamPort(
      String name,
      String kind,
      int mtu,
      Framing framing,
      Channel channel,
      SocketAddress at,
      PortContext context,
      PortLog log,
      Runnable over) {
    super(name, kind, mtu, NOT_OPEN);
    this.framing = framing;
    this.context = context;
    this.buffers = PortBuffers.of(context.network(), name, context.allocator());
    this.refused = new RefusedClients(context.timers().clock());
    this.log = log;
    this.endpoint = new AcceptedEndpoint(channel, at, new Client(), over);
  }

  /** The port as its endpoint sees it. */
  private final class Client implements StreamEndpoint.Client {
    @Override
    public void offer(Channel channel) {
      StreamConnection last = next.isEmpty() ? connection : next.getLast();
      if (closed || next.size() == MOST_WAITING || (last != null && !last.isHungUp())) {
        refuse(channel);
      } else {
        open(channel);
      }
    }

    @Override
    public void waiting(PortState now) {
      waiting = now;
      update();
    }
  }

  private void update() {
    StreamConnection current = connection;
    PortState open = current != null && !current.isReady() ? GREETING : PortState.up();
    become(closed ? PortState.closed() : current != null ? open : waiting);
  }

  /** Hears that the handshake of the connection is over. */
  void ready() {
    update();
  }

  @Override
  public void start() {
    endpoint.start();
  }

  private void refuse(Channel channel) {
    refused.add(PortLog.HAS_ONE);
    log.refusedSecond();
    Future<?> _ = channel.close();
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
    StreamConnection made = new StreamConnection(channel, this, framing, buffers, context);
    if (connection == null) {
      connection = made;
      reachable = made;
    } else {
      made.await();
      next.add(made);
    }
    channel.pipeline().addLast(made);
    log.connected();
    update();
  }

  /** Hears that a client has closed, and that some of its data has not been taken yet. */
  void clientGone(StreamConnection gone) {
    if (reachable == gone) {
      reachable = null;
    }
  }

  /** The connection's end, told by itself, once. */
  void disconnected(StreamConnection ended, boolean badLength) {
    if (badLength) {
      broken++;
      refused.add(fault(ended));
    }
    log.log(
        badLength ? Level.WARNING : Level.INFO,
        "client-disconnected",
        line -> line.with("cause", badLength ? fault(ended) : "it has closed"));
    if (connection != ended) {
      next.remove(ended);
      return;
    }
    connection = null;
    reachable = null;
    update(); // also where another client waits: who was behind the port is gone
    StreamConnection successor = next.poll();
    if (successor == null) {
      endpoint.disconnected();
    } else {
      connection = successor;
      reachable = successor.isHungUp() ? null : successor;
      successor.begin();
      update();
    }
  }

  private static String fault(StreamConnection ended) {
    return ended.isReady()
        ? "a frame's length is impossible"
        : "its handshake is that of another protocol";
  }

  @Override
  public String limitation() {
    return refused.problem();
  }

  @Override
  public boolean transmit(Passage passage, ByteBuf frame) {
    StreamConnection current = reachable;
    if (current == null || !current.isReady()) {
      counters().transmitDropped(DropCause.NO_CARRIER);
      return false;
    }
    DropCause refused = current.write(frame);
    if (refused != null) {
      counters().transmitDropped(refused);
      return false;
    }
    return true;
  }

  @Override
  public void flush() {
    StreamConnection current = reachable;
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
    endpoint.close();
    List<StreamConnection> all = new ArrayList<>(next);
    StreamConnection present = connection;
    if (present != null) {
      all.add(present);
    }
    connection = null; // each tells of its end, most after the loop's batch
    reachable = null;
    next.clear();
    all.forEach(StreamConnection::close);
    buffers.close();
    update();
  }

  /**
   * The address that the port listens on or connects to.
   *
   * @return with the port that the kernel chose, where 0 was asked for
   */
  public SocketAddress address() {
    return endpoint.address();
  }

  /** How much may wait for the client. */
  int queueBytes() {
    return Math.max(QUEUE_BYTES, QUEUE_FRAMES * Ethernet.largestFrame(mtu()));
  }

  @Override
  public Offloads offloads() {
    return Offloads.NONE;
  }

  @Override
  public DumpNode dump() {
    StreamConnection current = connection;
    return DumpNode.of("stream " + address())
        .with("role", endpoint.role())
        .with("connections", connections)
        .withNonZero("refusedClients", refused.count() - broken)
        .withNonZero("failedAccepts", endpoint.acceptFailures())
        .withNonZero("brokenStreams", broken)
        .withNonZero("queuedBytes", current == null ? 0 : current.queuedBytes())
        .withNonZero("heldBytes", buffers.held())
        .build();
  }
}
