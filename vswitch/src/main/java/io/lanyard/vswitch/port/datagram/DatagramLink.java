package io.lanyard.vswitch.port.datagram;

import io.lanyard.base.LogEvent;
import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.Libc;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.LoopWatch;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Work;
import io.lanyard.vswitch.port.PortContext;
import io.netty.buffer.ByteBuf;
import io.netty.channel.epoll.EpollIoOps;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * A socket that a datagram port has open: the loop watches it, and its frames go to the switch in
 * bursts.
 *
 * <p>Thread: the network's loop only.
 */
final class DatagramLink extends Work implements LoopWatch.Listener {
  private static final System.Logger LOG = System.getLogger(DatagramLink.class.getName());

  private final BatchSocket socket;
  private final DatagramPort port;
  private final Switch network;
  private final boolean connected;
  private final DatagramBurst burst;
  private final DatagramSender sender;
  private final LoopWatch watch;
  private final Turn turn;
  private boolean closed;
  private boolean reading;

  /** Whether a datagram waits to be judged, and all others behind it. */
  private boolean waits;

  /**
   * Makes a link that is not watched.
   *
   * @param connected whether an empty message is the end, as of a seqpacket socket
   */
  DatagramLink(
      BatchSocket socket,
      DatagramPort port,
      Addressing addressing,
      boolean connected,
      PortContext context) {
    this.socket = socket;
    this.port = port;
    this.network = context.network();
    this.connected = connected;
    this.turn = network.turns().of(port);
    this.watch = new LoopWatch(socket.fd(), socket, context.loop(), this);
    this.burst = new DatagramBurst(context.allocator(), addressing.prefixLength());
    this.sender = new DatagramSender(socket, port, addressing, turn, context);
  }

  /** Begins to read. */
  void start() {
    watch.start(EpollIoOps.EPOLLIN);
  }

  @Override
  public void notWatched(Throwable cause) {
    LogEvent.of("socket-not-registered")
        .with("network", network.name())
        .with("port", port.name())
        .log(LOG, Level.ERROR, cause);
    port.lost(this);
  }

  @Override
  public void ready(EpollIoOps ops) {
    if (ops.contains(EpollIoOps.EPOLLIN)) {
      turn.ready(this);
    } else {
      port.lost(this);
    }
  }

  @Override
  public void loopEnded() {
    close();
  }

  /** Reads one burst, or goes on with one that the last turn had no time for. */
  @Override
  protected boolean run() {
    if (closed || waits) {
      return false;
    }
    boolean more = true;
    reading = true;
    try {
      if (!burst.hasMore()) {
        int got = burst.receive(socket);
        if (got < 0) {
          port.lost(this);
          return false;
        }
        more = got == DatagramBurst.FRAMES;
      }
      deliver();
      more |= burst.hasMore();
      network.flush();
    } finally {
      reading = false;
      if (closed) {
        burst.release();
      }
    }
    return more && !closed && !waits;
  }

  private void deliver() {
    DatagramBurst.Stop stop = burst.deliver(network, port, turn);
    while (stop == DatagramBurst.Stop.EMPTY && !closed) {
      if (connected) {
        burst.skip();
        port.lost(this);
        return;
      }
      port.emptyDatagram();
      stop = burst.deliver(network, port, turn);
    }
    if (stop == DatagramBurst.Stop.LATER && !closed) {
      waits = true;
      watch.expect(EpollIoOps.EPOLLERR); // without any, Netty would forget the socket
    }
  }

  /** Goes on with a datagram that can be judged now, if one has waited for that. */
  void goOn() {
    if (waits && !closed) {
      waits = false;
      watch.expect(EpollIoOps.EPOLLIN);
      turn.later(this);
    }
  }

  @Override
  protected void broke(Throwable cause) {
    port.lost(this);
  }

  /** Whether the peer of a connection has closed it. */
  boolean isHungUp() {
    return connected && Libc.hungUp(socket.fd());
  }

  /** Takes a frame. Answers null, or why not: too much waits already, or there is no memory. */
  @Nullable DropCause write(ByteBuf frame, int receivers) {
    return sender.add(frame, receivers);
  }

  void flush() {
    sender.flush();
  }

  int queued() {
    return sender.queued();
  }

  /** Stops reading and closes the socket; a second call does nothing. */
  void close() {
    if (closed) {
      return;
    }
    closed = true;
    sender.close();
    watch.close();
    if (!reading) { // else a frame is still lent
      burst.release();
    }
  }
}
