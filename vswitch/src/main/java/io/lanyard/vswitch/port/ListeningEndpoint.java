package io.lanyard.vswitch.port;

import io.lanyard.base.Causes;
import io.lanyard.base.Timers;
import io.lanyard.linux.BindFailure;
import io.lanyard.linux.Errno;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import io.lanyard.vswitch.AcceptFailures;
import io.lanyard.vswitch.LoopOutcome;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.SocketErrors;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Waits for the VMM at a socket.
 *
 * <p>An address that cannot be had is tried again every {@value #RETRY_SECONDS} s. Where {@code
 * accept} fails, because the process has no descriptors left, the socket rests ({@link
 * AcceptFailures}).
 *
 * <p>Thread: the network's loop only.
 */
public final class ListeningEndpoint implements StreamEndpoint {
  /** Same interval as the forwards' retry. */
  static final int RETRY_SECONDS = 5;

  private static final PortState NOBODY =
      new PortState.NoCarrier(
          "no client is connected", "start the guest's VMM (lanyard port show --attach)");

  /** Who has a port is looked up once a minute: it takes a look at every process. */
  private static final int RETRIES_PER_LOOKUP = 12;

  private final SocketAddress at;
  private final @Nullable SocketFile file;
  private final PortContext context;
  private final Client client;
  private final Timers.Timer retry;
  private @Nullable Channel listener;
  private int failures;

  /** The error number of the last failure. */
  private int lastNumber;

  private long acceptFailures;
  private boolean closed;

  /**
   * Makes an endpoint that does not listen yet.
   *
   * @param at the address, and the file of a UNIX socket
   * @param context the network
   * @param client takes the connections
   */
  public ListeningEndpoint(StreamAddress.Listen at, PortContext context, Client client) {
    this.at = at.address();
    this.file = at.file();
    this.context = context;
    this.client = client;
    this.retry = context.timers().create(this::start);
  }

  @Override
  public void start() {
    if (closed) {
      return;
    }
    boolean unix = at instanceof DomainSocketAddress;
    if (file != null) {
      try {
        file.clear();
      } catch (IOException e) {
        failed(Causes.of(e), "");
        return;
      }
    }
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(context.loop())
            .channel(unix ? EpollServerDomainSocketChannel.class : EpollServerSocketChannel.class)
            .handler(new AcceptFailures(new Accepting()))
            .childOption(ChannelOption.ALLOCATOR, context.allocator())
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
    LoopOutcome.hear(bootstrap.bind(at), context.loop(), this::bound);
  }

  private void bound(ChannelFuture bound) {
    if (!bound.isSuccess()) {
      cannotBind(bound.cause());
    } else if (closed) {
      Future<?> _ = bound.channel().close();
    } else {
      listener = bound.channel();
      if (file != null && file.isGranted()) {
        grant(file);
      } else {
        listens();
      }
    }
  }

  private void listens() {
    if (!closed) {
      failures = 0;
      client.waiting(NOBODY);
    }
  }

  /** Lets those connect whom the configuration names. */
  private void grant(SocketFile its) {
    try {
      context.blocking().execute(() -> grantNow(its));
    } catch (RuntimeException | Error e) { // the host has no thread for it
      notGranted(Causes.of(e));
    }
  }

  /** On a thread that may wait. */
  private void grantNow(SocketFile its) {
    Runnable then;
    try {
      its.grant();
      then = this::listens;
    } catch (IOException | RuntimeException e) {
      then = () -> notGranted(Causes.of(e));
    }
    try {
      context.loop().execute(then);
    } catch (RejectedExecutionException e) {
      // The network has ended.
    }
  }

  private void notGranted(String reason) {
    Channel bound = listener;
    listener = null;
    if (bound != null) {
      Future<?> _ = bound.close();
    }
    failed(reason, "name a user and a group that exist");
  }

  private void cannotBind(Throwable cause) {
    int number = SocketErrors.number(cause);
    if (!(at instanceof InetSocketAddress inet)) {
      failed("cannot listen on " + at + ": " + Causes.of(cause), advice(number));
      return;
    }
    Endpoint endpoint = new Endpoint(Address.of(inet.getAddress()), inet.getPort());
    boolean other = failures == 0 || number != lastNumber;
    lastNumber = number;
    if (number != Errno.EADDRINUSE) {
      failed(BindFailure.describe(endpoint, number, cause, null), "");
    } else if (other || failures % RETRIES_PER_LOOKUP == 0) {
      lookUp(endpoint, cause);
    } else {
      again(); // what was said of its holder holds
    }
  }

  /** Says who has the address. */
  private void lookUp(Endpoint endpoint, Throwable cause) {
    try {
      context.blocking().execute(() -> explain(endpoint, cause));
    } catch (RuntimeException | Error e) { // the host has no thread for it
      failed(BindFailure.describe(endpoint, Errno.EADDRINUSE, cause, null), "");
    }
  }

  /** On a thread that may wait. */
  private void explain(Endpoint endpoint, Throwable cause) {
    String found;
    try {
      found = BindFailure.explain(Transport.TCP, endpoint, Errno.EADDRINUSE, cause);
    } catch (RuntimeException | Error e) {
      found = BindFailure.describe(endpoint, Errno.EADDRINUSE, cause, null);
    }
    String reason = found;
    try {
      context.loop().execute(() -> failed(reason, ""));
    } catch (RejectedExecutionException e) {
      // The network has ended.
    }
  }

  private String advice(int number) {
    return switch (number) {
      case Errno.EACCES -> "let the daemon's user write to the directory, or choose another path";
      case Errno.ENOENT -> "make the directory, or choose another path";
      default -> "choose another path, or check the directory";
    };
  }

  private void failed(String reason, String remedy) {
    if (!closed) {
      client.waiting(new PortState.Failed(reason, remedy));
      again();
    }
  }

  private void again() {
    failures++;
    retry.arm(RETRY_SECONDS * 1_000_000_000L);
  }

  private void accepted(Channel channel) {
    client.offer(channel);
  }

  /** Makes the state of the port from what happens to {@code accept}. */
  private final class Accepting implements AcceptFailures.Listener {
    @Override
    public void cannotAccept(String reason, String remedy) {
      acceptFailures++;
      if (!closed) {
        client.waiting(new PortState.Failed(reason, remedy));
      }
    }

    @Override
    public void acceptsAgain() {
      if (!closed) {
        client.waiting(NOBODY);
      }
    }
  }

  @Override
  public void disconnected() {
    // The next client connects by itself.
  }

  @Override
  public SocketAddress address() {
    Channel open = listener;
    SocketAddress bound = open == null ? null : open.localAddress();
    return bound == null ? at : bound;
  }

  @Override
  public String role() {
    return "listen";
  }

  @Override
  public long acceptFailures() {
    return acceptFailures;
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
  }
}
