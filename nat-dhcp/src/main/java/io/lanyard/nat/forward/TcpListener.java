package io.lanyard.nat.forward;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.Timers.Timer;
import io.lanyard.config.ForwardConfig;
import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import io.lanyard.nat.egress.PublishedPorts;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.FlowTable;
import io.lanyard.nat.forward.ForwardClients.Client;
import io.lanyard.nat.gateway.Egress;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.tcp.TcpEngine;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.AcceptFailures;
import io.lanyard.vswitch.AcceptPause;
import io.lanyard.vswitch.LoopWatch;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Work;
import io.netty.channel.ChannelException;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.NativeInetAddress;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The host's side of a TCP forward.
 *
 * <p>Connections are accepted in the turn of the port of the guest, as far as that is known: one
 * that is over its share leaves clients in the kernel's queue until its turn comes. It is no Netty
 * channel, which would accept, and make a channel for each connection, before anybody knows whom to
 * charge.
 */
final class TcpListener extends Listener {
  /** As somaxconn since Linux 5.4: bursts of connections wait, they are not refused. */
  private static final int BACKLOG = 4096;

  /** Connections in a row before others get their turn. */
  private static final int MOST = 16;

  /** Netty's room for a peer: a byte for the length, an IPv6 address, its scope and port. */
  private static final int PEER = 26;

  private static final EpollIoOps EVENTS = EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLET);

  private final GuestLink link;
  private final TcpEngine engine;
  private final DescriptorBudget.Holder descriptors;
  private final PublishedPorts published;
  private final AcceptPause pause;
  private final Timer pauseTimer;
  private final byte[] peer = new byte[PEER];
  private @Nullable OpenSocket server;

  /**
   * Makes a forward that does not listen.
   *
   * @param flows the network's flow table
   * @param egress says who may come in
   * @param descriptors has to answer for the sockets of the port and of its connections
   * @param published hears of the host's port that is open
   * @param accepting told when it cannot accept
   */
  TcpListener(
      ForwardConfig forward,
      GuestAddresses guests,
      GuestLink link,
      TcpEngine engine,
      FlowTable flows,
      Egress egress,
      DescriptorBudget.Holder descriptors,
      PublishedPorts published,
      AcceptFailures.Listener accepting) {
    super(forward, guests, flows, egress, link.timers());
    this.link = link;
    this.engine = engine;
    this.descriptors = descriptors;
    this.published = published;
    pause = new AcceptPause(accepting);
    pauseTimer = link.timers().create(this::pauseEnds);
  }

  /** The socket that listens, watched by the loop for as long as it is open. */
  private final class OpenSocket extends Work implements LoopWatch.Listener {
    final Socket socket;
    final int port;
    private final LoopWatch watch;

    /** Whose turn it is done in, while it waits there or runs. */
    private Turn turn = link.unlocatedTurn();

    private boolean handed;
    private boolean resting;
    private boolean closed;
    private @Nullable Throwable unwatched;

    OpenSocket(Socket socket, int port) {
      this.socket = socket;
      this.port = port;
      watch = new LoopWatch(socket.intValue(), this::closed, (IoEventLoop) link.loop(), this);
    }

    /** Begins to accept; nothing is left behind where the loop does not watch the socket. */
    void start() throws IOException {
      watch.start(EVENTS); // on the loop's own thread this is done when the call returns
      if (unwatched != null) {
        throw new IOException("the loop does not watch the socket", unwatched);
      }
    }

    @Override
    public void ready(EpollIoOps ops) {
      if (!handed && !closed) {
        handed = true;
        turn = guestsTurn();
        turn.ready(this);
      }
    }

    @Override
    protected boolean run() {
      Turn now = guestsTurn();
      if (now != turn) {
        // The guest has moved while it waited.
        turn = now;
        now.later(this);
        return false;
      }
      handed = accept();
      return handed;
    }

    /** Accepts a burst. Says whether there may be more. */
    private boolean accept() {
      int accepted = 0;
      do {
        if (closed || resting) {
          return false;
        }
        int descriptor;
        try {
          descriptor = socket.accept(peer);
        } catch (IOException e) {
          rest(e);
          return false;
        }
        if (descriptor < 0) {
          return false; // an event tells of the next one
        }
        InetSocketAddress from = NativeInetAddress.address(peer, 1, peer[0]);
        TcpListener.this.accept(
            new Socket(descriptor), new Endpoint(Address.of(from.getAddress()), from.getPort()));
        accepted++;
      } while (accepted < MOST && !turn.isOver());
      return true;
    }

    private void rest(Throwable cause) {
      resting = true;
      pause.begin(cause, TcpListener.this::pause);
    }

    /** Accepts those who have come meanwhile: an edge is told of once. */
    void goOn() {
      resting = false;
      ready(EVENTS);
    }

    @Override
    protected void broke(Throwable cause) {
      handed = false;
      rest(cause);
    }

    @Override
    public void notWatched(Throwable cause) {
      unwatched = cause;
    }

    @Override
    public void loopEnded() {
      closing();
    }

    void close() {
      closing();
      watch.close();
    }

    private void closing() {
      if (!closed) {
        closed = true;
        descriptors.closing();
      }
    }

    /** The number is free. */
    private void closed() throws IOException {
      closing();
      socket.close();
      descriptors.closed();
    }
  }

  @Override
  void open(Opening opening) {
    if (!descriptors.take()) {
      opening.failed(new ErrnoException("open a listening socket", Errno.EMFILE));
      return;
    }
    OpenSocket made = null;
    try {
      made = listen();
      made.start();
    } catch (IOException | ChannelException e) {
      if (made == null) {
        descriptors.giveBack();
      } else {
        made.close();
      }
      opening.failed(e);
      return;
    }
    server = made;
    published.add(FlowKey.TCP, forward().listen().address(), made.port);
    opening.opened();
  }

  private OpenSocket listen() throws IOException {
    Socket socket = Socket.newSocketStream();
    boolean listens = false;
    try {
      socket.setReuseAddress(true);
      socket.bind(forward().listen().toSocketAddress());
      socket.listen(BACKLOG);
      OpenSocket open = new OpenSocket(socket, socket.localAddress().getPort());
      listens = true;
      return open;
    } finally {
      if (!listens) {
        socket.close();
      }
    }
  }

  @Override
  void close() {
    OpenSocket open = server;
    server = null;
    pauseTimer.cancel();
    if (open != null) {
      published.remove(FlowKey.TCP, forward().listen().address(), open.port);
      open.close();
    }
  }

  @Override
  int port() {
    OpenSocket open = server;
    return open == null ? forward().listen().port() : open.port;
  }

  private void pause() {
    pauseTimer.arm(TimeUnit.SECONDS.toNanos(AcceptFailures.PAUSE_SECONDS));
  }

  private void pauseEnds() {
    OpenSocket open = server;
    if (open != null && pause.ends(this::pause)) {
      open.goOn();
    }
  }

  private @Nullable Neighbour neighbour() {
    Address address = guest();
    return address == null ? null : link.neighbour(address);
  }

  /** The turn of the guest's port, as far as that is known. */
  private Turn guestsTurn() {
    Neighbour guest = neighbour();
    return guest == null ? link.unlocatedTurn() : guest.turn();
  }

  /** Takes a connection, or resets it. */
  private void accept(Socket connection, Endpoint from) {
    Neighbour guest = neighbour();
    Flow flow = null;
    if (guest != null) {
      Client client = clients.at(from.address());
      Endpoint source = new Endpoint(link.addressTowards(guest.address()), 0);
      flow =
          admits(from.address(), guest)
              ? engine.connectToGuest(
                  connection, source, guest, forward().to().port(), client.account(), descriptors)
              : null;
      if (flow != null) {
        accepted(flow, from, client, guest);
      }
      served(client);
    }
    if (flow == null) {
      refused();
      TcpEngine.refuse(connection);
    }
    link.flush();
  }
}
