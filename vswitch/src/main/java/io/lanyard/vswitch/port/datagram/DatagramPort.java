package io.lanyard.vswitch.port.datagram;

import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.Timers;
import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.DatagramBatch;
import io.lanyard.linux.SocketName;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.ObservedPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.port.PortBuffers;
import io.lanyard.vswitch.port.PortContext;
import io.lanyard.vswitch.port.PortLog;
import io.lanyard.vswitch.port.RefusedClients;
import io.lanyard.vswitch.port.SocketFile;
import io.netty.buffer.ByteBuf;
import io.netty.channel.epoll.EpollIoHandle;
import java.lang.System.Logger.Level;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A socket that carries one frame a datagram.
 *
 * <p>The port is an {@link Addressing} times where its socket comes from. It sends no empty
 * datagram, which QEMU reads as the end of the file, and takes none that comes from another sender.
 * Frames leave finished and cut to the MTU: a datagram has no room to say what is left to do.
 *
 * <p>Thread: the network's loop only.
 */
public final class DatagramPort extends ObservedPort implements Dumpable {
  private static final System.Logger LOG = System.getLogger(DatagramPort.class.getName());

  private static final PortState NOT_OPEN =
      new PortState.NoCarrier("the socket is not open yet", "");

  /** How often a peer that is there is looked at; one that is not, four times as often. */
  private static final long CHECK_NANOS = 1_000_000_000L;

  /** The kernel's buffers, in bytes: as vfkit's clients set theirs. */
  private static final int SEND_BUFFER = 1 << 20;

  private static final int RECEIVE_BUFFER = 4 << 20;

  private final Addressing addressing;
  private final PortContext context;
  private final DatagramEndpoint endpoint;
  private final boolean connected;
  private final PortBuffers buffers;
  private final PortLog log;
  private final RefusedClients refused;
  private final Timers.Timer check;
  private @Nullable DatagramLink link;
  private PortState waiting = NOT_OPEN;
  private long sockets;
  private boolean closed;

  /**
   * Makes a port with a socket that the port binds, to be attached by the caller and then started.
   *
   * @param name the port's name
   * @param kind its kind, as {@code qemu-dgram}
   * @param mtu the largest IP packet on it, in bytes
   * @param addressing whom the datagrams go to and come from; the port's own
   * @param source where the socket comes from
   * @param context the network
   */
  public DatagramPort(
      String name,
      String kind,
      int mtu,
      Addressing addressing,
      DatagramSource source,
      PortContext context) {
    this(
        name,
        kind,
        mtu,
        addressing,
        false,
        client -> new BoundEndpoint(source, context, client),
        context);
  }

  /**
   * Makes a port that waits for one client at a UNIX seqpacket socket, to be attached by the caller
   * and then started.
   *
   * @param name the port's name
   * @param kind its kind, as {@code bess}
   * @param mtu the largest IP packet on it, in bytes
   * @param file the socket's
   * @param context the network
   * @return a port
   */
  public static DatagramPort packets(
      String name, String kind, int mtu, SocketFile file, PortContext context) {
    return new DatagramPort(
        name,
        kind,
        mtu,
        new ConnectedPeer(),
        true,
        client -> new PacketEndpoint(new DatagramSource.Packets(file), context, client),
        context);
  }

  /**
   * Makes a port of a socket that is connected already, to be attached by the caller and then
   * started.
   *
   * @param name the port's name
   * @param kind its kind, as {@code vde}
   * @param mtu the largest IP packet on it, in bytes
   * @param socket a UNIX datagram socket that is connected; the port owns it from the start on
   * @param address the socket's, for people
   * @param context the network
   * @return a port
   */
  public static DatagramPort connected(
      String name, String kind, int mtu, BatchSocket socket, String address, PortContext context) {
    return new DatagramPort(
        name,
        kind,
        mtu,
        new ConnectedPeer(),
        false,
        client -> new GivenEndpoint(socket, address, client),
        context);
  }

  /** Makes the endpoint of a port. */
  interface EndpointMaker {
    DatagramEndpoint make(DatagramEndpoint.Client client);
  }

  /**
   * Makes a port.
   *
   * @param connected whether its sockets are connected, and end with their peers
   */
  DatagramPort(
      String name,
      String kind,
      int mtu,
      Addressing addressing,
      boolean connected,
      EndpointMaker endpoint,
      PortContext context) {
    super(name, kind, mtu, NOT_OPEN);
    if (!context.loop().isCompatible(EpollIoHandle.class)) {
      throw new IllegalArgumentException(
          "a datagram port needs a loop made with EpollIoHandler, not " + context.loop());
    }
    this.addressing = addressing;
    this.context = context;
    this.buffers = PortBuffers.of(context.network(), name, context.allocator());
    this.refused = new RefusedClients(context.timers().clock());
    this.connected = connected;
    this.log = new PortLog(LOG, name, context);
    this.check = context.timers().create(this::check);
    this.endpoint = endpoint.make(new Client());
  }

  /** The port as its endpoint sees it. */
  private final class Client implements DatagramEndpoint.Client {
    @Override
    public void offer(BatchSocket socket) {
      DatagramLink present = link;
      if (present != null && present.isHungUp()) {
        lost(present); // the loop has yet to come to that
      }
      if (closed || link != null) {
        socket.close();
        if (!closed) {
          refused.add(PortLog.HAS_ONE);
          log.refusedSecond();
        }
      } else {
        open(socket);
      }
    }

    @Override
    public void waiting(PortState now) {
      waiting = now;
      update();
    }
  }

  /** The memory of frames that wait for their receivers. */
  PortBuffers buffers() {
    return buffers;
  }

  private void open(BatchSocket socket) {
    socket.buffers(SEND_BUFFER, RECEIVE_BUFFER);
    DatagramLink made;
    try {
      made = new DatagramLink(socket, this, addressing, connected, context);
    } catch (RuntimeException | Error e) {
      socket.close();
      endpoint.disconnected();
      throw e;
    }
    sockets++;
    link = made;
    if (addressing.needsChecks()) {
      check();
    }
    made.start();
    update();
  }

  /** Hears that a datagram can be judged that waits for it. */
  private void known() {
    DatagramLink present = link;
    if (present != null) {
      update();
      present.goOn();
    }
  }

  private void check() {
    if (link != null && !closed) {
      addressing.check();
      update();
      check.arm(state().hasCarrier() ? CHECK_NANOS : CHECK_NANOS / 4);
    }
  }

  private void update() {
    become(closed ? PortState.closed() : link == null ? waiting : addressing.state());
  }

  @Override
  public void start() {
    addressing.start(this::known);
    endpoint.start();
  }

  Addressing addressing() {
    return addressing;
  }

  /** Judges a datagram. One that holds no frame for the switch is counted, or dealt with. */
  Addressing.Verdict judge(DatagramBatch batch, int slot, ByteBuf datagram, int index) {
    Addressing.Verdict verdict = addressing.judge(batch, slot, datagram, index);
    switch (verdict) {
      case FOREIGN -> foreign(batch.sender(slot));
      case MALFORMED -> counters().receiveDropped(DropCause.BAD_ENCAPSULATION);
      case LATER -> {}
      case FRAME, CONTROL -> {
        if (!state().hasCarrier()) {
          update();
        }
      }
    }
    return verdict;
  }

  private void foreign(@Nullable SocketName sender) {
    counters().receiveDropped(DropCause.FOREIGN_SENDER);
    log.log(
        Level.WARNING,
        "sender-refused",
        line ->
            line.with("sender", sender == null ? "a socket without a name" : sender)
                .with("advice", addressing.advice()));
  }

  /** Hears that a datagram without any byte has come. */
  void emptyDatagram() {
    counters().receiveDropped(DropCause.BAD_LENGTH);
  }

  /** Hears that nobody has the receiver's socket open; null for the peer of a connection. */
  void gone(@Nullable SocketName receiver) {
    if (receiver != null) {
      addressing.gone(receiver);
      updateLater();
    }
  }

  /** Changes the state after the flush that is running: what hears of it may flush as well. */
  private void updateLater() {
    try {
      context.loop().execute(this::update);
    } catch (RejectedExecutionException e) {
      // The network has ended, with all its ports.
    }
  }

  /** Hears from its link that the socket is no longer useful. */
  void lost(DatagramLink from) {
    if (link == from) {
      link = null;
      from.close();
      check.cancel();
      endpoint.disconnected();
      update();
    }
  }

  @Override
  public String limitation() {
    return refused.problem();
  }

  @Override
  public boolean transmit(Passage passage, ByteBuf frame) {
    DatagramLink present = link;
    int receivers = present == null ? 0 : addressing.route(passage);
    if (present == null || receivers == 0) {
      counters().transmitDropped(DropCause.NO_CARRIER);
      return false;
    }
    DropCause refused = present.write(frame, receivers);
    if (refused != null) {
      counters().transmitDropped(refused);
      return false;
    }
    return true;
  }

  @Override
  public void flush() {
    DatagramLink present = link;
    if (present != null) {
      present.flush();
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    check.cancel();
    DatagramLink present = link;
    link = null;
    if (present != null) {
      present.close();
    }
    buffers.close();
    addressing.close();
    endpoint.close();
    update();
  }

  /**
   * The address of the port's socket.
   *
   * @return a path, or an address and port
   */
  public String address() {
    return endpoint.address();
  }

  @Override
  public Offloads offloads() {
    return Offloads.NONE;
  }

  @Override
  public DumpNode dump() {
    DatagramLink present = link;
    return DumpNode.of("datagram " + address())
        .with("role", endpoint.role())
        .with("sockets", sockets)
        .withNonZero("queuedDatagrams", present == null ? 0 : present.queued())
        .withNonZero("heldBytes", buffers.held())
        .build();
  }
}
