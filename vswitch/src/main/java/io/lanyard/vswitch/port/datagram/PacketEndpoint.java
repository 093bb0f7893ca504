package io.lanyard.vswitch.port.datagram;

import io.lanyard.base.LogEvent;
import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.Errno;
import io.lanyard.vswitch.LoopWatch;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.port.PortContext;
import io.netty.channel.epoll.EpollIoOps;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * Waits for clients at a seqpacket socket. A host that cannot accept, because the process has no
 * descriptors left, gets the socket closed and bound again.
 *
 * <p>Thread: the network's loop only.
 */
final class PacketEndpoint implements DatagramEndpoint {
  private static final System.Logger LOG = System.getLogger(PacketEndpoint.class.getName());
  private static final PortState NOBODY =
      new PortState.NoCarrier("no client is connected", "start the guest's VMM");

  private final PortContext context;
  private final Client client;
  private final BoundEndpoint bound;
  private @Nullable Listener listener;
  private boolean closed;

  PacketEndpoint(DatagramSource.Packets source, PortContext context, Client client) {
    this.context = context;
    this.client = client;
    this.bound =
        new BoundEndpoint(
            source,
            context,
            new Client() {
              @Override
              public void offer(BatchSocket socket) {
                listen(socket);
              }

              @Override
              public void waiting(PortState state) {
                client.waiting(state);
              }
            });
  }

  @Override
  public void start() {
    bound.start();
  }

  private void listen(BatchSocket socket) {
    Listener made = new Listener(socket);
    listener = made;
    client.waiting(NOBODY);
    made.start();
  }

  /** The listening socket. */
  private final class Listener implements LoopWatch.Listener {
    private final BatchSocket socket;
    private final LoopWatch watch;

    Listener(BatchSocket socket) {
      this.socket = socket;
      this.watch = new LoopWatch(socket.fd(), socket, context.loop(), this);
    }

    void start() {
      watch.start(EpollIoOps.EPOLLIN);
    }

    @Override
    public void notWatched(Throwable cause) {
      LogEvent.of("socket-not-registered")
          .with("network", context.network().name())
          .with("address", address())
          .log(LOG, Level.ERROR, cause);
      cannotAccept("the socket is not watched");
    }

    @Override
    public void ready(EpollIoOps ops) {
      int fd = socket.accept();
      if (fd >= 0) {
        client.offer(BatchSocket.of(fd));
      } else if (fd != -Errno.EAGAIN && fd != -Errno.EINTR && !closed) {
        cannotAccept("a client cannot be accepted: " + Errno.name(-fd));
      }
    }

    private void cannotAccept(String reason) {
      if (listener == this) {
        drop();
        client.waiting(new PortState.Failed(reason, "the socket is bound again by itself"));
        bound.disconnected();
      }
    }
  }

  private void drop() {
    Listener present = listener;
    listener = null;
    if (present != null) {
      present.watch.close();
    }
  }

  @Override
  public void disconnected() {
    // The next client connects by itself.
  }

  @Override
  public String address() {
    return bound.address();
  }

  @Override
  public String role() {
    return "listen";
  }

  @Override
  public void close() {
    closed = true;
    drop();
    bound.close();
  }
}
