package io.lanyard.vswitch.port;

import io.lanyard.linux.Libc;
import io.lanyard.vswitch.LoopClosing;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Work;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A descriptor that the loop watches for a port: whenever it is readable, the port's work is ready.
 *
 * <p>An event descriptor is watched by its edges and never read: each write to it is an event,
 * whatever its counter stands at. A read could wait: who shares the descriptor may have emptied it
 * since, and have made it one that waits.
 *
 * <p>Thread: the network's loop only.
 */
final class LoopWatch implements EpollIoHandle {
  private final FileDescriptor descriptor;
  private final EpollIoOps ops;
  private final Work work;
  private final Turn turn;
  private final IoEventLoop loop;
  private final Consumer<Throwable> failed;
  private @Nullable IoRegistration registration;
  private boolean ended;

  /**
   * Makes one.
   *
   * @param descriptor its number, owned by the watch
   * @param edges whether it is an event descriptor
   * @param work ready at each event
   * @param turn the port's
   * @param failed told if the loop cannot watch it
   */
  LoopWatch(
      int descriptor,
      boolean edges,
      Work work,
      Turn turn,
      PortContext context,
      Consumer<Throwable> failed) {
    this.descriptor = new FileDescriptor(descriptor);
    this.ops = edges ? EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLET) : EpollIoOps.EPOLLIN;
    this.work = work;
    this.turn = turn;
    this.loop = context.loop();
    this.failed = failed;
  }

  /** Begins to watch. */
  void start() {
    loop.register(this)
        .addListener(future -> {
          if (!future.isSuccess()) {
            if (!ended) {
              failed.accept(future.cause());
            }
            return;
          }
          IoRegistration made = (IoRegistration) future.getNow();
          if (ended) {
            made.cancel();
          } else {
            registration = made;
            made.submit(ops);
          }
        });
  }

  @Override
  public FileDescriptor fd() {
    return descriptor;
  }

  @Override
  public void handle(IoRegistration ready, IoEvent event) {
    if (!ended) {
      turn.ready(work);
    }
  }

  /** Ends the watch and closes the descriptor; a second call does nothing. */
  void end() {
    if (ended) {
      return;
    }
    ended = true;
    if (registration != null) {
      registration.cancel();
      registration = null;
    }
    int number = descriptor.intValue();
    LoopClosing.close(
        loop,
        number,
        () -> {
          int _ = Libc.close(number);
        });
  }

  /** {@inheritDoc} The loop ends. */
  @Override
  public void close() {
    end();
  }
}
