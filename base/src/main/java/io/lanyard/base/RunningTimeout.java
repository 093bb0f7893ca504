package io.lanyard.base;

import java.time.Duration;

/**
 * A timeout that counts the time in which the process runs. It passes in steps, each of which is
 * waited for by itself: a process that stands still, because its host is a virtual machine that is
 * paused or because others have its processors, loses one step and not the whole timeout. What is
 * waited for has its turn before it is given up.
 *
 * <p>One timeout serves several waits, which share it.
 *
 * <p>Thread: one at a time.
 */
public final class RunningTimeout {
  /** Few enough that waking up costs nothing, and a step of the shortest timeout is 2 ms. */
  private static final int STEPS = 20;

  private final long stepNanos;
  private int left = STEPS;

  /**
   * Makes a timeout, which begins with the first wait.
   *
   * @param timeout how long all waits may take together
   */
  public RunningTimeout(Duration timeout) {
    this.stepNanos = Math.max(1, timeout.toNanos() / STEPS);
  }

  /**
   * A wait that can be done in pieces.
   *
   * @param <X> what it throws
   */
  @FunctionalInterface
  public interface Wait<X extends Exception> {
    /**
     * Waits.
     *
     * @param nanos how long at most, in nanoseconds; 0 to look and not wait
     * @return whether what is waited for is there
     * @throws X ends the whole wait
     */
    boolean atMost(long nanos) throws X;
  }

  /**
   * Waits until something is there or the timeout has passed.
   *
   * @param <X> what the wait throws
   * @param wait is done again and again
   * @return whether it is there
   * @throws X if a wait throws it
   */
  public <X extends Exception> boolean await(Wait<X> wait) throws X {
    while (left > 0) {
      if (wait.atMost(stepNanos)) {
        return true;
      }
      left--;
    }
    return wait.atMost(0);
  }
}
