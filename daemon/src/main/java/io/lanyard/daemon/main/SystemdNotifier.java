package io.lanyard.daemon.main;

import io.lanyard.base.LogEvent;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tells systemd how the daemon is (sd_notify(3)): datagrams to the socket that {@code
 * NOTIFY_SOCKET} names. Says nothing when there is none.
 *
 * <p>The socket is opened once and kept, so that a daemon without a free descriptor still says that
 * it lives.
 *
 * <p>Thread: any, one at a time.
 */
public final class SystemdNotifier implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(SystemdNotifier.class.getName());
  private static final int SEND_SECONDS = 2;

  private final String socket;
  private final Duration watchdog;
  private final @Nullable EventLoopGroup loop;
  private @Nullable Channel channel;
  private boolean failing;

  /**
   * Makes a notifier.
   *
   * @param environment the process's environment
   */
  public SystemdNotifier(Map<String, String> environment) {
    String name = environment.getOrDefault("NOTIFY_SOCKET", "");
    // An abstract socket's name begins with NUL, which systemd writes as @.
    this.socket = name.startsWith("@") ? "\0" + name.substring(1) : name;
    this.watchdog = watchdog(environment);
    this.loop =
        socket.isEmpty()
            ? null
            : new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("systemd", true), EpollIoHandler.newFactory());
  }

  private static Duration watchdog(Map<String, String> environment) {
    String pid = environment.getOrDefault("WATCHDOG_PID", "");
    if (!pid.isEmpty() && !pid.equals(Long.toString(ProcessHandle.current().pid()))) {
      return Duration.ZERO;
    }
    try {
      long micros = Long.parseLong(environment.getOrDefault("WATCHDOG_USEC", "0"));
      return Duration.ofNanos(TimeUnit.MICROSECONDS.toNanos(Math.max(0, micros)));
    } catch (NumberFormatException e) {
      return Duration.ZERO;
    }
  }

  /**
   * How long systemd waits for a sign of life (sd_watchdog_enabled(3)).
   *
   * @return the time; zero if it does not watch this process
   */
  public Duration watchdog() {
    return watchdog;
  }

  /** The daemon serves. */
  public void ready() {
    send("READY=1\nMAINPID=" + ProcessHandle.current().pid());
  }

  /** The daemon reads its configuration again; {@link #ready} ends it. */
  public void reloading() {
    send("RELOADING=1\nMONOTONIC_USEC=" + System.nanoTime() / 1000);
  }

  /** The daemon lives. */
  public void alive() {
    send("WATCHDOG=1");
  }

  /**
   * The daemon stops.
   *
   * @param most how long that may take: systemd waits so long, even where the unit's TimeoutStopSec
   *     is shorter
   */
  public void stopping(Duration most) {
    send("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + TimeUnit.NANOSECONDS.toMicros(most.toNanos()));
  }

  private void send(String message) {
    if (loop == null) {
      return;
    }
    try {
      Channel open = channel;
      if (open == null || !open.isActive()) {
        // Only a connected channel is active, and only an active one writes.
        open =
            new Bootstrap()
                .group(loop)
                .channel(EpollDomainDatagramChannel.class)
                .handler(new Silent())
                .connect(new DomainSocketAddress(socket))
                .sync()
                .channel();
        channel = open;
      }
      var sent = open.writeAndFlush(Unpooled.copiedBuffer(message, StandardCharsets.UTF_8));
      if (!sent.await(SEND_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("it took longer than " + SEND_SECONDS + " s");
      }
      sent.sync();
      failing = false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      // Netty's sync() throws what connecting failed with, and declares nothing.
      failed(e);
    }
  }

  private void failed(Exception e) {
    if (channel != null) {
      var _ = channel.close();
      channel = null;
    }
    if (!failing) {
      failing = true;
      LogEvent.of("systemd-not-told")
          .with("socket", socket)
          .with("cause", e)
          .log(LOG, Level.WARNING);
    }
  }

  @Override
  public void close() {
    if (loop != null) {
      var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }

  @ChannelHandler.Sharable
  private static final class Silent extends ChannelInboundHandlerAdapter {}
}
