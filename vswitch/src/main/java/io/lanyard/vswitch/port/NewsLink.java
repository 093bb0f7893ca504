package io.lanyard.vswitch.port;

import io.lanyard.linux.LinkNews;
import io.lanyard.vswitch.LoopWatch;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoOps;

/**
 * The news of a port's interface, watched by the loop.
 *
 * <p>Where the loop does not watch it, the port looks from time to time all the same.
 *
 * <p>Thread: the network's loop only.
 */
final class NewsLink implements LoopWatch.Listener {
  private final LinkNews news;
  private final Runnable listener;
  private final LoopWatch watch;

  NewsLink(LinkNews news, IoEventLoop loop, Runnable listener) {
    this.news = news;
    this.listener = listener;
    this.watch = new LoopWatch(news.fd(), news, loop, this);
  }

  /** Begins to watch. */
  void start() {
    watch.start(EpollIoOps.EPOLLIN);
  }

  @Override
  public void ready(EpollIoOps ops) {
    news.drain();
    listener.run();
  }

  @Override
  public void notWatched(Throwable cause) {
    // The port looks from time to time.
  }

  /** Stops watching; a second call does nothing. */
  void close() {
    watch.close();
  }
}
