package io.lanyard.vswitch.port.datagram;

import io.lanyard.base.LogEvent;
import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.Errno;
import io.lanyard.vswitch.LoopClosing;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.port.PortContext;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
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
  private static final PortState NOBODY = new PortState.NoCarrier("no client is connected");

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

  /** The listening socket, as the loop watches it. */
  private final class Listener implements EpollIoHandle {
    private final BatchSocket socket;
    private final FileDescriptor descriptor;
    private @Nullable IoRegistration registration;

    Listener(BatchSocket socket) {
      this.socket = socket;
      this.descriptor = new FileDescriptor(socket.fd());
    }

    void start() {
      context
          .loop()
          .register(this)
          .addListener(future -> {
            if (future.isSuccess()) {
              registered((IoRegistration) future.getNow());
            } else {
              LogEvent.of("socket-not-registered")
                  .with("network", context.network().name())
                  .with("address", address())
                  .log(LOG, Level.ERROR, future.cause());
              cannotAccept("the socket is not watched");
            }
          });
    }

    private void registered(IoRegistration made) {
      if (listener == this) {
        registration = made;
        made.submit(EpollIoOps.EPOLLIN);
      } else {
        made.cancel();
      }
    }

    @Override
    public FileDescriptor fd() {
      return descriptor;
    }

    @Override
    public void handle(IoRegistration ready, IoEvent event) {
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

    /** Closes the socket; the loop no longer watches it. */
    @Override
    public void close() {
      if (registration != null) {
        registration.cancel();
        registration = null;
      }
      LoopClosing.close(context.loop(), socket.fd(), socket);
    }
  }

  private void drop() {
    Listener present = listener;
    listener = null;
    if (present != null) {
      present.close();
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
