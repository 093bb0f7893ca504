package io.lanyard.base;

/**
 * A network's timers: many of them, armed and disarmed often, on the network's loop.
 *
 * <p>Thread: the network's loop only. Arming a timer allocates nothing.
 */
public interface Timers {
  /**
   * Makes a timer that is not armed.
   *
   * @param action what to do when it expires; runs on the loop
   * @return the timer, to be kept by its owner for as long as the owner lives
   */
  Timer create(Runnable action);

  /**
   * The clock that these timers follow.
   *
   * @return the clock
   */
  Clock clock();

  /** One timer. It expires once for each time it is armed. */
  interface Timer {
    /**
     * Arms the timer, or moves it if it is armed.
     *
     * @param delayNanos how long from now, in nanoseconds; it never expires early, and late by no
     *     more than the resolution of the implementation
     */
    void arm(long delayNanos);

    /** Disarms the timer; nothing happens if it is not armed. */
    void cancel();

    /**
     * Whether the timer is going to expire.
     *
     * @return true between arming and expiry or cancellation
     */
    boolean armed();
  }
}
