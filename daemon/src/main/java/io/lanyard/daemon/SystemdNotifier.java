package io.lanyard.daemon;

import io.lanyard.base.Causes;
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
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tells systemd how the daemon is (sd_notify(3)): datagrams to the socket that {@code
 * NOTIFY_SOCKET} names. Says nothing when there is none.
 */
public final class SystemdNotifier implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(SystemdNotifier.class.getName());

  private final String socket;
  private final @Nullable EventLoopGroup loop;

  /**
   * Makes a notifier.
   *
   * @param socket the value of {@code NOTIFY_SOCKET}, or empty
   */
  public SystemdNotifier(String socket) {
    // An abstract socket's name begins with NUL, which systemd writes as @.
    this.socket = socket.startsWith("@") ? "\0" + socket.substring(1) : socket;
    this.loop =
        socket.isEmpty() ? null : new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  }

  /** The daemon serves. */
  public void ready() {
    send("READY=1\nMAINPID=" + ProcessHandle.current().pid());
  }

  /** The daemon stops. */
  public void stopping() {
    send("STOPPING=1");
  }

  /**
   * One line for {@code systemctl status}.
   *
   * @param text the line
   */
  public void status(String text) {
    send("STATUS=" + text.replace('\n', ' '));
  }

  private void send(String message) {
    if (loop == null) {
      return;
    }
    try {
      // Only a connected channel is active, and only an active one writes.
      Channel channel =
          new Bootstrap()
              .group(loop)
              .channel(EpollDomainDatagramChannel.class)
              .handler(new Silent())
              .connect(new DomainSocketAddress(socket))
              .sync()
              .channel();
      var sent = channel.writeAndFlush(Unpooled.copiedBuffer(message, StandardCharsets.UTF_8));
      boolean done = sent.await(2, TimeUnit.SECONDS);
      if (!done || !sent.isSuccess()) {
        LOG.log(Level.WARNING, "cannot notify systemd socket={0}", socket);
      }
      var _ = channel.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "cannot notify systemd socket=" + socket + " cause=" + Causes.of(e));
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
