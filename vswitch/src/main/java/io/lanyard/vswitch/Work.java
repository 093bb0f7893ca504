package io.lanyard.vswitch;

import org.jspecify.annotations.Nullable;

/**
 * The work of one source of a port once it is ready: the frames of a device, the data of a flow's
 * socket. A source has one, made once.
 *
 * <p>Thread: the network's loop only.
 */
public abstract class Work {
  /** Whether it is in a port's list. */
  boolean waits;

  @Nullable Work next;

  /** Bursts in a row that have thrown. */
  int failures;

  /** Makes work that is not ready. */
  protected Work() {}

  /**
   * Does one burst of the work, bounded in frames or bytes. It may be called without need, and
   * after its source was closed.
   *
   * @return whether there is more to do now; false if an event will tell
   */
  protected abstract boolean run();

  /**
   * Closes the source: the work has thrown an error, or too often in a row, and is not done again.
   *
   * @param cause what it threw last; it is logged already
   */
  protected abstract void broke(Throwable cause);
}
