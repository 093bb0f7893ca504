package io.lanyard.vswitch.port;

import io.lanyard.linux.LinkNews;
import io.lanyard.vswitch.LoopClosing;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * The news of a port's interface, watched by the loop.
 *
 * <p>Where the loop does not watch it, the port looks from time to time all the same.
 *
 * <p>Thread: the network's loop only.
 */
final class NewsLink implements EpollIoHandle {
  private final LinkNews news;
  private final IoEventLoop loop;
  private final Runnable listener;
  private final FileDescriptor descriptor;
  private @Nullable IoRegistration registration;
  private boolean closed;

  NewsLink(LinkNews news, IoEventLoop loop, Runnable listener) {
    this.news = news;
    this.loop = loop;
    this.listener = listener;
    this.descriptor = new FileDescriptor(news.fd());
  }

  /** Begins to watch. */
  void start() {
    loop.register(this)
        .addListener(future -> {
          if (future.isSuccess()) {
            registered((IoRegistration) future.getNow());
          }
        });
  }

  private void registered(IoRegistration made) {
    if (closed) {
      made.cancel();
    } else {
      registration = made;
      made.submit(EpollIoOps.EPOLLIN);
    }
  }

  @Override
  public FileDescriptor fd() {
    return descriptor;
  }

  @Override
  public void handle(IoRegistration ready, IoEvent event) {
    if (!closed) {
      news.drain();
      listener.run();
    }
  }

  /** Stops watching; a second call does nothing. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (registration != null) {
      registration.cancel();
      registration = null;
    }
    LoopClosing.close(loop, news.fd(), news);
  }
}
