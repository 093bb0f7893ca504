package io.lanyard.control.http;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;

/**
 * Event loops on epoll whose channels may want nothing for a while.
 *
 * <p>Netty 4.2.18 takes a descriptor out of epoll when its channel wants no event, and does not put
 * it back: the next wish fails with ENOENT. A connection whose other end has ended its half is such
 * a channel, and its output was shut down in the middle as soon as the socket's buffer was full.
 * Here such a descriptor stays, edge-triggered and without events of its own, so that what cannot
 * be masked (EPOLLHUP, epoll_ctl(2)) is told once.
 */
final class EpollLoops {
  private EpollLoops() {}

  /**
   * Makes the I/O handlers of loops.
   *
   * @return a factory for a group of loops
   */
  static IoHandlerFactory factory() {
    IoHandlerFactory epoll = EpollIoHandler.newFactory();
    return executor -> new Handler(epoll.newHandler(executor));
  }

  private record Handler(IoHandler epoll) implements IoHandler {
    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
      return new Registration(epoll.register(handle));
    }

    @Override
    public int run(IoHandlerContext loop) {
      return epoll.run(loop);
    }

    @Override
    public void initialize() {
      epoll.initialize();
    }

    @Override
    public void prepareToDestroy() {
      epoll.prepareToDestroy();
    }

    @Override
    public void destroy() {
      epoll.destroy();
    }

    @Override
    public void wakeup() {
      epoll.wakeup();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
      return epoll.isCompatible(handleType);
    }
  }

  private static final class Registration implements IoRegistration {
    private final IoRegistration epoll;

    /** Whether epoll has the descriptor: it is added with the first wish. */
    private boolean added;

    Registration(IoRegistration epoll) {
      this.epoll = epoll;
    }

    @Override
    public long submit(IoOps ops) {
      if (ops.equals(EpollIoOps.NONE)) {
        return epoll.submit(added ? EpollIoOps.EPOLLET : ops);
      }
      added = true;
      return epoll.submit(ops);
    }

    @Override
    @SuppressWarnings("TypeParameterUnusedInFormals") // Netty's
    public <T> T attachment() {
      return epoll.attachment();
    }

    @Override
    public boolean isValid() {
      return epoll.isValid();
    }

    @Override
    public boolean cancel() {
      return epoll.cancel();
    }
  }
}
