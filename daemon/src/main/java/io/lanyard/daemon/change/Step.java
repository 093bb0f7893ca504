package io.lanyard.daemon.change;

import io.lanyard.vmm.VmmException;

/**
 * One change of what runs, with its undo.
 *
 * <p>Thread: the conductor's.
 */
interface Step {
  /** The step for people, such as {@code networks.vmnet8.forwards.web}. */
  String describe();

  /**
   * Does it.
   *
   * @return why its result does not work yet, with the remedy; empty if it does. It tries again by
   *     itself if it is kept
   * @throws VmmException if a VMM cannot do it; nothing has changed then
   */
  String run() throws VmmException;

  /**
   * Undoes it.
   *
   * @throws VmmException if a VMM cannot do that
   */
  void undo() throws VmmException;
}
