package io.lanyard.vswitch;

import io.lanyard.base.LogEvent;
import io.lanyard.linux.Libc;
import io.netty.channel.EventLoop;
import java.lang.System.Logger;
import java.util.concurrent.RejectedExecutionException;

/**
 * Closes descriptors that a loop watches, so that no event of theirs meets their successor.
 *
 * <p>{@code epoll_wait} returns a batch of events, and Netty finds what each belongs to by the
 * descriptor's number while it handles the batch. A descriptor that closes within the batch frees
 * its number, the next {@code socket()} takes it, and events that the batch still holds for the old
 * one would reach the new one: as "connected", or as a reset. So the file is closed at once (its
 * port is free, its peer is told), but the number stays taken until the batch is over: {@code
 * dup3(2)} puts a file without events in its place, and a task of the loop closes that. Tasks run
 * after the batch. As many numbers wait as descriptors are closed within one batch.
 *
 * <p>The caller cancels the registration first.
 *
 * <p>Thread: the loop's only.
 */
public final class LoopClosing {
  private static final Logger LOG = System.getLogger(LoopClosing.class.getName());

  /**
   * The descriptor that takes a closed file's place; negative if there is none: files then close
   * later, too.
   */
  private static final int PLACEHOLDER = Libc.open("/dev/null", Libc.O_RDWR);

  private LoopClosing() {}

  /**
   * Closes a file now and its descriptor when the loop's present batch is over.
   *
   * @param loop the loop that has watched the descriptor
   * @param descriptor the descriptor's number
   * @param owner closes the number, once; what it throws is logged
   */
  public static void close(EventLoop loop, int descriptor, AutoCloseable owner) {
    if (PLACEHOLDER >= 0) {
      int _ = Libc.replace(descriptor, PLACEHOLDER);
    }
    try {
      loop.execute(() -> close(owner));
    } catch (RejectedExecutionException e) {
      // The loop has ended: it handles no more events.
      close(owner);
    }
  }

  private static void close(AutoCloseable owner) {
    try {
      owner.close();
    } catch (Exception e) {
      LogEvent.of("close-failed").log(LOG, Logger.Level.DEBUG, e);
    }
  }
}
