package io.lanyard.daemon.guest;

import io.lanyard.config.GuestConfig;
import io.lanyard.vmm.Capability;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.Nic;
import io.lanyard.vmm.VmmException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;

/**
 * NICs and disks that come to a guest that is on, or go from it: always the last ones.
 *
 * <p>Thread: that of the calls of one guest's VMM.
 */
final class GuestPlugs {
  /** Takes a step back. */
  @FunctionalInterface
  private interface Undoing {
    void undo() throws VmmException;
  }

  private final GuestNics nics;
  private final Guest guest;
  private final Deque<Undoing> done = new ArrayDeque<>();

  GuestPlugs(GuestNics nics, Guest guest) {
    this.nics = nics;
    this.guest = guest;
  }

  /**
   * Whether a guest can become another without a restart.
   *
   * @param can what the guests of its VMM can
   * @param before the guest
   * @param after the guest with NICs and disks more or less, at the ends of their lists
   */
  static boolean areEnough(
      Set<Capability> can, Guest guest, GuestConfig before, GuestConfig after) {
    int nics = before.nics().size() - after.nics().size();
    int disks = before.disks().size() - after.disks().size();
    return (nics == 0 || can.contains(Capability.HOT_NICS))
        && (disks == 0 || can.contains(Capability.HOT_DISKS))
        && guest.nics().size() == before.nics().size()
        && nics <= guest.removableNics()
        && disks <= guest.removableDisks();
  }

  /**
   * Makes a guest another one, all or nothing.
   *
   * @param before the guest as it is
   * @param was its parts
   * @param after the guest as it is to be
   * @param will its parts
   * @throws VmmException if the VMM or the guest does not do it; it is as before then
   */
  void change(GuestConfig before, GuestSpec was, GuestConfig after, GuestSpec will)
      throws VmmException {
    try {
      for (int i = before.nics().size() - 1; i >= after.nics().size(); i--) {
        unplug(before.nics().get(i), was, i);
      }
      for (int i = was.disks().size() - 1; i >= will.disks().size(); i--) {
        DiskSpec disk = was.disks().get(i);
        guest.removeDisk();
        done.push(() -> guest.addDisk(disk));
      }
      List<Nic> stay = guest.nics();
      nics.configure(before, after, stay, true);
      done.push(() -> nics.configure(after, before, stay, true));
      for (int i = was.disks().size(); i < will.disks().size(); i++) {
        guest.addDisk(will.disks().get(i));
        done.push(guest::removeDisk);
      }
      for (int i = before.nics().size(); i < after.nics().size(); i++) {
        plug(after.nics().get(i), will, i);
      }
    } catch (VmmException | RuntimeException e) {
      undo(e);
      throw e;
    }
  }

  private void unplug(GuestConfig.Nic nic, GuestSpec was, int index) throws VmmException {
    guest.removeNic();
    nics.detach(nic);
    done.push(() -> nics.plug(nic, guest.addNic(was.nics().get(index)), true));
  }

  private void plug(GuestConfig.Nic nic, GuestSpec will, int index) throws VmmException {
    Nic made = guest.addNic(will.nics().get(index));
    done.push(guest::removeNic);
    nics.plug(nic, made, true);
    done.push(() -> nics.detach(nic));
  }

  private void undo(Exception cause) {
    while (!done.isEmpty()) {
      try {
        done.pop().undo();
      } catch (VmmException | RuntimeException e) {
        cause.addSuppressed(e);
      }
    }
  }
}
