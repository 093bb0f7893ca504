package io.lanyard.vswitch.port;

import io.lanyard.base.Causes;
import io.lanyard.base.LogEvent;
import io.lanyard.base.Timers;
import io.lanyard.linux.BindFailure;
import io.lanyard.linux.Errno;
import io.lanyard.vswitch.LoopOutcome;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.SocketErrors;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.Future;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;

/**
 * Connects to the VMM, and tries again for as long as it is open: after {@value
 * #FIRST_RETRY_MILLIS} ms at first and {@value #LAST_RETRY_MILLIS} ms at most.
 *
 * <p>Thread: the network's loop only.
 */
final class ConnectingEndpoint implements StreamEndpoint {
  static final int FIRST_RETRY_MILLIS = 100;
  static final int LAST_RETRY_MILLIS = 5000;

  private static final System.Logger LOG = System.getLogger(ConnectingEndpoint.class.getName());

  private final String port;
  private final SocketAddress to;
  private final PortContext context;
  private final Client client;
  private final Timers.Timer retry;
  private int retryMillis = FIRST_RETRY_MILLIS;
  private boolean told;
  private boolean closed;

  ConnectingEndpoint(String port, SocketAddress to, PortContext context, Client client) {
    this.port = port;
    this.to = to;
    this.context = context;
    this.client = client;
    this.retry = context.timers().create(this::connect);
  }

  @Override
  public void start() {
    connect();
  }

  private void connect() {
    if (closed) {
      return;
    }
    boolean unix = to instanceof DomainSocketAddress;
    ChannelFuture outcome =
        new Bootstrap()
            .group(context.loop())
            .channel(unix ? EpollDomainSocketChannel.class : EpollSocketChannel.class)
            .option(ChannelOption.ALLOCATOR, context.allocator())
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, LAST_RETRY_MILLIS)
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    // The reading handler is added once the connection stands.
                  }
                })
            .connect(to);
    LoopOutcome.hear(outcome, context.loop(), this::connected);
  }

  private void connected(ChannelFuture done) {
    if (!done.isSuccess()) {
      waits(why(done.cause()));
      again();
    } else if (closed) {
      Future<?> _ = done.channel().close();
    } else {
      told = false;
      offer(done.channel());
    }
  }

  private static String why(Throwable cause) {
    int number = SocketErrors.number(cause);
    return number == Errno.EMFILE || number == Errno.ENFILE
        ? BindFailure.NO_DESCRIPTORS
        : Causes.of(cause);
  }

  private void offer(Channel channel) {
    boolean taken = false;
    try {
      client.offer(channel);
      taken = true;
      retryMillis = FIRST_RETRY_MILLIS;
    } finally {
      if (!taken) { // Netty logs what was thrown
        Future<?> _ = channel.close();
        again();
      }
    }
  }

  private void waits(String cause) {
    client.waiting(
        new PortState.NoCarrier(
            "nobody answers at " + to + ": " + cause, "start the program that listens there"));
    if (!told) {
      told = true;
      LogEvent.of("port-waits")
          .with("network", context.network().name())
          .with("port", port)
          .with("address", to)
          .with("cause", cause)
          .log(LOG, Level.INFO);
    }
  }

  private void again() {
    if (!closed) {
      retry.arm(retryMillis * 1_000_000L);
      retryMillis = Math.min(2 * retryMillis, LAST_RETRY_MILLIS);
    }
  }

  @Override
  public void disconnected() {
    again();
  }

  @Override
  public SocketAddress address() {
    return to;
  }

  @Override
  public String role() {
    return "connect";
  }

  @Override
  public void close() {
    closed = true;
    retry.cancel();
  }
}
