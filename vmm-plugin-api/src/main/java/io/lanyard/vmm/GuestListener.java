package io.lanyard.vmm;

/** Hears what happens to guests. */
@FunctionalInterface
public interface GuestListener {
  /**
   * Hears of an event.
   *
   * @param event what happened; called by a thread of the VMM's, in the order of the events, and
   *     must not block
   */
  void onEvent(GuestEvent event);
}
