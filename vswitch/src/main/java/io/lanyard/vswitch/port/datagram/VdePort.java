package io.lanyard.vswitch.port.datagram;

import io.lanyard.base.Causes;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.linux.BatchSocket;
import io.lanyard.vswitch.ObservedPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.port.ClientPorts;
import io.lanyard.vswitch.port.ListeningEndpoint;
import io.lanyard.vswitch.port.PortContext;
import io.lanyard.vswitch.port.PortLog;
import io.lanyard.vswitch.port.RefusedClients;
import io.lanyard.vswitch.port.SharedPort;
import io.lanyard.vswitch.port.SocketFile;
import io.lanyard.vswitch.port.StreamAddress;
import io.lanyard.vswitch.port.StreamEndpoint;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A VDE switch as its clients see it ({@code vde_plug}, QEMU's {@code -netdev vde}): a directory
 * with the socket {@code ctl}. Each client gets a {@link DatagramPort} of its own.
 *
 * <pre>
 *   client                                     port
 *     binds a datagram socket
 *     connects to D/ctl ------------------------&gt;
 *     its address and a description -----------&gt;  {@link VdeClient} reads it
 *                                                 binds D/001.N, connects it to the client's
 *     &lt;-------------------------------------- its address
 *     raw frames &lt;-----------------------------&gt; raw frames
 *     closes D/ctl ----------------------------&gt;  the port is gone
 * </pre>
 *
 * <p>Thread: the network's loop only.
 */
public final class VdePort extends ObservedPort implements SharedPort, Dumpable {
  private static final System.Logger LOG = System.getLogger(VdePort.class.getName());

  private static final PortState NOT_OPEN =
      new PortState.NoCarrier("the socket is not open yet", "");

  private final Path directory;
  private final SocketFile rights;
  private final PortContext context;
  private final ListeningEndpoint endpoint;
  private final PortLog log;
  private final ClientPorts clients;
  private final int most;
  private PortState waiting = NOT_OPEN;
  private int talking;
  private long sockets;
  private final RefusedClients refused;
  private boolean closed;

  /**
   * Makes a port, to be attached by the caller and then started.
   *
   * @param name the port's name
   * @param mtu the largest IP packet on its clients' ports, in bytes
   * @param directory the directory, which is made if it is not there, and who may connect
   * @param most how many clients it has at a time
   * @param context the network
   */
  public VdePort(String name, int mtu, SocketFile directory, int most, PortContext context) {
    super(name, "vde", mtu, NOT_OPEN);
    this.directory = directory.path();
    this.rights = directory;
    this.context = context;
    this.refused = new RefusedClients(context.timers().clock());
    this.most = most;
    this.log = new PortLog(LOG, name, context);
    this.clients = new ClientPorts(most);
    this.endpoint =
        new ListeningEndpoint(
            new StreamAddress.Listen(rights.at(this.directory.resolve("ctl"))),
            context,
            new StreamEndpoint.Client() {
              @Override
              public void offer(Channel channel) {
                accept(channel);
              }

              @Override
              public void waiting(PortState now) {
                waiting = now;
                update();
              }
            });
  }

  @Override
  public void attachBy(Clients network) {
    clients.attachBy(network);
  }

  @Override
  public void start() {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      // To listen fails too, with a reason, and is tried again.
    }
    endpoint.start();
  }

  private void update() {
    become(closed ? PortState.closed() : clients.present() > 0 ? PortState.up() : waiting);
  }

  private void accept(Channel channel) {
    if (closed || talking + clients.present() >= most) {
      refuse(channel, clients.tooMany());
      return;
    }
    talking++;
    channel.pipeline().addLast(new VdeClient(channel, this, context));
  }

  /** Refuses a client, with the reason for people. */
  void refuse(Channel channel, String cause) {
    if (!closed) {
      refused.add(cause);
      log.refused(cause);
    }
    var _ = channel.close();
  }

  /** The file of the data socket of one client more. */
  SocketFile nextDataFile() {
    sockets++;
    long process = ProcessHandle.current().pid();
    return rights.at(directory.resolve("%03d.%d".formatted(sockets, process)));
  }

  /** The least free number for a client; -1 where there is none. */
  int free() {
    return clients.free();
  }

  /** Attaches a client whose data socket is connected. Answers its port; null if it was refused. */
  @org.jspecify.annotations.Nullable
  DatagramPort open(Channel channel, int number, BatchSocket socket, SocketFile file) {
    DatagramPort client =
        DatagramPort.connected(
            name() + "." + (number + 1), kind(), mtu(), socket, file.path().toString(), context);
    try {
      clients.attach(number, client);
    } catch (RuntimeException e) {
      refuse(channel, Causes.of(e));
      return null;
    }
    update();
    return client;
  }

  /** Hears that a client is gone that was not attached, or is attached from now on. */
  void talked() {
    talking--;
  }

  /** Hears that a client is gone. */
  void gone(int number, DatagramPort client) {
    if (clients.detach(number, client)) {
      update();
    }
  }

  boolean isClosed() {
    return closed;
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
    if (!closed) {
      closed = true;
      endpoint.close();
      clients.close();
      update();
    }
  }

  @Override
  public Offloads offloads() {
    return Offloads.NONE;
  }

  @Override
  public DumpNode dump() {
    return DumpNode.of("vde " + directory)
        .with("clients", clients.present())
        .with("mostClients", most)
        .with("connections", clients.attached())
        .withNonZero("greetingClients", talking)
        .withNonZero("refusedClients", refused.count())
        .withNonZero("failedAccepts", endpoint.acceptFailures())
        .build();
  }
}
