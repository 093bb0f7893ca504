package io.lanyard.vmm;

import java.util.List;

/**
 * An open VMM.
 *
 * <p>Thread: any. A call may block for as long as the host takes, never for as long as a guest
 * takes.
 */
public interface Vmm extends AutoCloseable {
  /**
   * Makes a guest, without starting it. Files named by the specification are opened here.
   *
   * <p>With {@link Capability#OUTLIVES}, the guest of that name that an earlier daemon left behind
   * is found again instead, whatever it was made of; it tells by {@link GuestEvent.Noted} if that
   * differs.
   *
   * @param spec what the guest is made of
   * @param listener hears what happens to the guest, from a thread of the VMM's that must not be
   *     held up
   * @return the guest, in {@link GuestState#CREATED}; one that was found again, in the state that
   *     it is in, which its listener was not told of
   * @throws VmmException if the specification cannot be met; the message says which part, and what
   *     to do
   */
  Guest create(GuestSpec spec, GuestListener listener) throws VmmException;

  /**
   * The guests that run since before the VMM was opened and were not created again: somebody has
   * removed them from the configuration while no daemon ran. The daemon asks for them when it has
   * created its own, and tells people of them. Only with {@link Capability#OUTLIVES}.
   *
   * @return a snapshot
   */
  default List<LeftBehind> leftBehind() {
    return List.of();
  }

  /**
   * The VMM's use of memory for all its guests.
   *
   * @return a snapshot; unknown unless the VMM counts
   */
  default VmmStatistics statistics() {
    return VmmStatistics.UNKNOWN;
  }

  /** Kills and closes every guest that was not released, and gives back what the VMM holds. */
  @Override
  void close();
}
