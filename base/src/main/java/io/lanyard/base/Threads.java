package io.lanyard.base;

import java.time.Duration;

/** Waiting for threads that have to have ended, whatever is asked of the one that waits. */
public final class Threads {
  private Threads() {}

  /**
   * Waits until {@code thread} has ended. An interrupt does not shorten that: it is kept, and the
   * calling thread is interrupted when this returns.
   */
  public static void joinUninterruptibly(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits until {@code thread} has ended or {@link System#nanoTime} has reached {@code deadline}.
   * An interrupt does not shorten that: it is kept, and the calling thread is interrupted when this
   * returns.
   *
   * @param thread one that was started
   * @return whether {@code thread} has ended
   */
  public static boolean joinUninterruptibly(Thread thread, long deadline) {
    boolean interrupted = false;
    boolean ended;
    while (true) {
      try {
        ended = thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return ended;
  }
}
