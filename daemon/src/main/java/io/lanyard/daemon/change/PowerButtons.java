package io.lanyard.daemon.change;

import io.lanyard.daemon.guest.GuestSlot;
import io.lanyard.vmm.VmmException;
import java.util.List;

/**
 * Presses the power buttons of all guests that the steps after this one end, so that they stop at
 * the same time. Undone, it starts those again that are still there.
 *
 * <p>Thread: the conductor's.
 */
final class PowerButtons implements Step {
  private final RunningTree tree;
  private final List<String> guests;

  PowerButtons(RunningTree tree, List<String> guests) {
    this.tree = tree;
    this.guests = guests;
  }

  @Override
  public String describe() {
    return "guests that stop: " + String.join(", ", guests);
  }

  @Override
  public String run() {
    tree.onGuests(guests, GuestSlot::press);
    return "";
  }

  @Override
  public void undo() throws VmmException {
    for (String name : guests) {
      GuestSlot slot = tree.guests().get(name);
      if (slot != null) {
        slot.startAgain();
      }
    }
  }
}
