package io.lanyard.vswitch;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * A file that a loop watches beside Netty's channels: a device, a packet socket, an event
 * descriptor.
 *
 * <p>Two watch by themselves. A channel ({@code GivenChannel}) has to hear of the loop's end before
 * its descriptor is given up, and a flow's stream ({@code SocketStream}) is its own handle, since
 * there may be a hundred thousand.
 *
 * <p>An event descriptor is watched by its edges and never read: each write to it is an event,
 * whatever its counter stands at. A read could wait: who shares the descriptor may have emptied it
 * since, and have made it one that waits.
 *
 * <p>Thread: the loop's only.
 */
public final class LoopWatch {
  /** The owner of a watch. */
  public interface Listener {
    /**
     * Hears of an event. One without a name is an error: a read says which.
     *
     * @param ops what the file is ready for
     */
    void ready(EpollIoOps ops);

    /**
     * Hears that the loop cannot watch the file.
     *
     * @param cause why
     */
    void notWatched(Throwable cause);

    /** Hears that the loop has ended, and the watch with it. */
    default void loopEnded() {}
  }

  private final FileDescriptor descriptor;
  private final AutoCloseable file;
  private final IoEventLoop loop;
  private final Listener listener;
  private EpollIoOps expected = EpollIoOps.NONE;
  private @Nullable IoRegistration registration;
  private boolean stopped;
  private boolean closed;

  /**
   * Makes a watch that has not begun.
   *
   * @param descriptor the file's descriptor
   * @param file closes the file; the watch owns it from now on
   * @param loop the loop that watches it
   * @param listener the owner
   */
  public LoopWatch(int descriptor, AutoCloseable file, IoEventLoop loop, Listener listener) {
    this.descriptor = new FileDescriptor(descriptor);
    this.file = file;
    this.loop = loop;
    this.listener = listener;
  }

  /**
   * Begins to watch.
   *
   * @param ops the events to hear of
   */
  public void start(EpollIoOps ops) {
    expected = ops;
    loop.register(new Handle())
        .addListener(future -> {
          if (!future.isSuccess()) {
            if (!stopped) {
              listener.notWatched(future.cause());
            }
            return;
          }
          IoRegistration made = (IoRegistration) future.getNow();
          if (stopped) {
            made.cancel();
          } else {
            registration = made;
            made.submit(expected);
          }
        });
  }

  /**
   * Changes the events to hear of.
   *
   * @param ops those from now on
   */
  public void expect(EpollIoOps ops) {
    expected = ops;
    IoRegistration present = registration;
    if (present != null) {
      present.submit(ops);
    }
  }

  /** Ends the watch for good; the file is open until {@link #close}. */
  public void stop() {
    stopped = true;
    IoRegistration present = registration;
    registration = null;
    if (present != null) {
      present.cancel();
    }
  }

  /**
   * Ends the watch, and closes the file as {@link LoopClosing} does; a second call does nothing.
   */
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    stop();
    LoopClosing.close(loop, descriptor.intValue(), file);
  }

  /** The file as the loop sees it. */
  private final class Handle implements EpollIoHandle {
    @Override
    public FileDescriptor fd() {
      return descriptor;
    }

    @Override
    public void handle(IoRegistration from, IoEvent event) {
      if (!stopped) {
        listener.ready(((EpollIoEvent) event).ops());
      }
    }

    @Override
    public void close() {
      LoopWatch.this.close();
      listener.loopEnded();
    }
  }
}
