package io.lanyard.vswitch.vhost;

import io.lanyard.linux.SharedMemory;

/**
 * The device whose rings a session sets up: told of what changes.
 *
 * <p>Thread: the session's.
 */
public interface VhostDevice {
  /**
   * A ring runs: its queue is there, and its kick descriptor is to be watched.
   *
   * @param ring the ring
   * @throws VhostException if it cannot
   */
  void started(Vring ring) throws VhostException;

  /**
   * A ring is about to stop. Afterwards none of its memory may be touched.
   *
   * @param ring the ring, with its queue for the last time
   */
  void stopping(Vring ring);

  /**
   * Closes a kick descriptor, which may have been watched.
   *
   * @param ring the ring that it belonged to, stopped
   * @param descriptor its number
   */
  void closeKick(Vring ring, int descriptor);

  /** Rings were enabled, disabled, started or stopped, or other features acknowledged. */
  void changed();

  /**
   * A ring's driver broke the rules of virtio. The ring does nothing from now on.
   *
   * @param ring the ring
   * @param why for people
   */
  void broken(Vring ring, String why);

  /**
   * Unmaps memory that nobody touches any more; that may take a while.
   *
   * @param memory a mapping that is the callee's from now on
   */
  void unmap(SharedMemory memory);
}
