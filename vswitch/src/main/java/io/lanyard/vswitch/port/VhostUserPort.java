package io.lanyard.vswitch.port;

import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.linux.Errno;
import io.lanyard.linux.Libc;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.ObservedPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.vhost.VhostNic;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.UnixChannel;
import io.netty.util.concurrent.Future;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A VMM that shares its guest's memory: frames pass between the switch and the guest's virtqueues
 * without a system call each (vhost-user, see {@link io.lanyard.vswitch.vhost}).
 *
 * <p>Super-frames and unfinished checksums pass as they are where the guest's driver has agreed to
 * them. A frame is copied once in each direction. A guest that has no buffers loses whole frames,
 * counted as QUEUE_FULL.
 *
 * <p>A port has one front end. While it is there, another that connects is sent away and counted.
 * One that has closed frees the port at once. When the front end is back, or the daemon, the rings
 * go on where they were.
 *
 * <pre>
 *                 connected              a ring to the guest is enabled
 *   no-carrier --------------> no-carrier ----------------------------> up
 *       ^                          |  ^---------- stopped, disabled -----|
 *       +-- closed, broke a rule --+-------------------------------------+
 *
 *   any ring whose driver breaks virtio's rules: failed, until the guest sets it up again
 * </pre>
 *
 * <p>Thread: the network's loop only.
 */
public final class VhostUserPort extends ObservedPort implements Dumpable {
  private static final PortState NOT_OPEN =
      new PortState.NoCarrier("the socket is not open yet", "");
  private static final PortState NOT_READY =
      new PortState.NoCarrier(
          "the guest's driver has not started its NIC", "start the guest, or set its NIC up");

  private static final System.Logger LOG = System.getLogger(VhostUserPort.class.getName());

  private final VhostNic nic;
  private final PortContext context;
  private final PortBuffers buffers;
  private final StreamEndpoint endpoint;
  private final PortLog log;
  private PortState waiting = NOT_OPEN;
  private @Nullable VhostLink link;
  private long connections;
  private final RefusedClients refused;
  private boolean closed;

  /**
   * Makes a port, to be attached by the caller and then started.
   *
   * @param name the port's name
   * @param nic the NIC that the guest sees, if its VMM asks
   * @param address the path of a UNIX socket, to listen on or to connect to
   * @param context the network
   * @throws IllegalArgumentException if the network's loop is not of epoll, or the address is none
   *     of a UNIX socket
   */
  public VhostUserPort(String name, VhostNic nic, StreamAddress address, PortContext context) {
    super(name, "vhost-user", nic.mtu(), NOT_OPEN);
    if (!context.loop().isCompatible(EpollIoHandle.class)
        || !(address.address() instanceof DomainSocketAddress)) {
      throw new IllegalArgumentException(
          "a vhost-user port needs a loop of epoll and a UNIX socket, not " + address);
    }
    this.nic = nic;
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

  /** The port as its endpoint sees it. */
  private final class Client implements StreamEndpoint.Client {
    @Override
    public void offer(Channel channel) {
      channel.config().setAutoRead(false);
      VhostLink present = link;
      if (closed || (present != null && !present.isHungUp())) {
        refuse(channel, "the port has a front end", "give each guest a port of its own");
        return;
      }
      if (present != null) {
        present.hungUp();
      }
      open(channel);
    }

    @Override
    public void waiting(PortState now) {
      waiting = now;
      update();
    }
  }

  /** The memory of frames that wait for the guest. */
  PortBuffers buffers() {
    return buffers;
  }

  private void refuse(Channel channel, String cause, String advice) {
    refused.add(cause);
    log.log(
        Level.WARNING, "client-refused", line -> line.with("cause", cause).with("advice", advice));
    Future<?> _ = channel.close();
  }

  /** Takes the socket over: a channel does not pass the descriptors that come with its data. */
  private void open(Channel channel) {
    int descriptor = Libc.duplicate(((UnixChannel) channel).fd().intValue());
    if (descriptor < 0) {
      refuse(channel, Errno.name(-descriptor), "free a descriptor");
      endpoint.disconnected();
      return;
    }
    Future<?> _ = channel.close();
    VhostLink made;
    try {
      made = new VhostLink(descriptor, nic, this, context);
    } catch (RuntimeException | Error e) {
      int _ = Libc.close(descriptor);
      endpoint.disconnected();
      throw e;
    }
    connections++;
    link = made;
    log.connected();
    update();
    made.start();
  }

  /** Hears from its link that rings were started, stopped, enabled or disabled. */
  void linkChanged(VhostLink from) {
    if (link == from) {
      update();
    }
  }

  /** Hears from its link that a driver broke the rules. */
  void ringBroke(VhostLink from, int ring, String why) {
    log.log(
        Level.WARNING,
        "ring-broken",
        line -> line.with("ring", ring).with("cause", why).with("advice", "reset the guest's NIC"));
    linkChanged(from);
  }

  /** Hears from its link that the front end was told no, and may do without or give up. */
  void messageRefused(String why) {
    log.log(
        Level.WARNING,
        "message-refused",
        line -> line.with("cause", why).with("advice", "see what the VMM says of it"));
  }

  /**
   * Hears from its link that the front end is gone, or has to go.
   *
   * @param broke whether that is because it broke the rules
   */
  void linkEnded(VhostLink from, String reason, boolean broke) {
    boolean present = link == from;
    if (present) {
      link = null;
    }
    from.close();
    if (!present) {
      return;
    }
    if (broke) {
      refused.add(reason);
    }
    log.log(Level.INFO, "client-disconnected", line -> line.with("cause", reason));
    update();
    if (!closed) {
      endpoint.disconnected();
    }
  }

  private void update() {
    become(state(link));
  }

  private PortState state(@Nullable VhostLink present) {
    if (closed) {
      return PortState.closed();
    }
    if (present == null) {
      return waiting;
    }
    if (!present.brokenReason().isEmpty()) {
      return new PortState.Failed(present.brokenReason(), "reset the guest's NIC");
    }
    return present.isLive() ? PortState.up() : NOT_READY;
  }

  @Override
  public void start() {
    endpoint.start();
  }

  @Override
  public String limitation() {
    return refused.problem();
  }

  @Override
  public boolean transmit(Passage passage, ByteBuf frame) {
    VhostLink present = link;
    if (present == null) {
      counters().transmitDropped(DropCause.NO_CARRIER);
      return false;
    }
    return present.transmit(passage, frame);
  }

  @Override
  public void flush() {
    VhostLink present = link;
    if (present != null) {
      present.flush();
    }
  }

  @Override
  public Offloads offloads() {
    VhostLink present = link;
    return present == null ? Offloads.NONE : present.offloads();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    endpoint.close();
    VhostLink present = link;
    link = null;
    if (present != null) {
      present.close();
    }
    buffers.close();
    update();
  }

  /**
   * The address that the port listens on or connects to.
   *
   * @return a {@link DomainSocketAddress}
   */
  public SocketAddress address() {
    return endpoint.address();
  }

  @Override
  public DumpNode dump() {
    VhostLink present = link;
    DumpNode.Builder node =
        DumpNode.of("vhost-user " + address())
            .with("role", endpoint.role())
            .with("connections", connections)
            .withNonZero("refusedClients", refused.count())
            .withNonZero("failedAccepts", endpoint.acceptFailures())
            .withNonZero("heldBytes", buffers.held());
    if (present != null) {
      present.describe(node);
    }
    return node.build();
  }
}
