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
import java.util.Objects;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.IntStream;

/**
 * NICs and disks that come to a guest that is on, go from it, or are replaced: those that come or
 * go are the last ones.
 *
 * <p>Thread: that of the calls of one guest's VMM.
 */
final class GuestPlugs {
  /** Linux takes five seconds to let go of a part. */
  private static final long PART_MILLIS = 10_000;

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

  /** Whether a NIC is another one to its guest, wherever it is attached. */
  private static boolean isOther(GuestConfig.Nic before, GuestConfig.Nic after) {
    return !before.mac().equals(after.mac()) || !Objects.equals(before.mtu(), after.mtu());
  }

  /**
   * Whether a guest can become another without a restart.
   *
   * @param can what the guests of its VMM can
   * @param before the guest
   * @param after the guest with other NICs and disks
   */
  static boolean areEnough(
      Set<Capability> can, Guest guest, GuestConfig before, GuestConfig after) {
    Difference nics = Difference.of(before.nics(), after.nics(), GuestPlugs::isOther);
    Difference disks =
        Difference.of(before.disks(), after.disks(), (was, will) -> !was.equals(will));
    return nics.isWithin(can, Capability.HOT_NICS, guest.removableNics())
        && disks.isWithin(can, Capability.HOT_DISKS, guest.removableDisks())
        && guest.nics().size() == before.nics().size();
  }

  /** How long a VMM may take to make a guest another one. */
  static long mostMillis(GuestConfig before, GuestConfig after) {
    Difference nics = Difference.of(before.nics(), after.nics(), GuestPlugs::isOther);
    Difference disks =
        Difference.of(before.disks(), after.disks(), (was, will) -> !was.equals(will));
    return PART_MILLIS * (1 + nics.parts() + disks.parts());
  }

  /**
   * The difference of two lists of parts.
   *
   * @param replaced the places of those that are replaced
   * @param before how many there are
   * @param after how many there are to be
   */
  private record Difference(List<Integer> replaced, int before, int after) {
    static <T> Difference of(List<T> before, List<T> after, BiPredicate<T, T> isOther) {
      int common = Math.min(before.size(), after.size());
      List<Integer> replaced =
          IntStream.range(0, common)
              .filter(i -> isOther.test(before.get(i), after.get(i)))
              .boxed()
              .toList();
      return new Difference(replaced, before.size(), after.size());
    }

    /** How many parts come, go or are replaced. */
    int parts() {
      return replaced.size() + Math.abs(before - after);
    }

    /** Whether a guest can have it that can lose so many parts, of the last ones. */
    boolean isWithin(Set<Capability> can, Capability hot, int removable) {
      if (parts() == 0) {
        return true;
      }
      int first = replaced.isEmpty() ? Math.min(before, after) : replaced.getFirst();
      return can.contains(hot)
          && (replaced.isEmpty() || can.contains(Capability.HOT_SWAP))
          && before - first <= removable;
    }
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
      for (int i = 0; i < Math.min(before.nics().size(), after.nics().size()); i++) {
        stay(before, was, after, will, i);
      }
      for (int i = 0; i < Math.min(was.disks().size(), will.disks().size()); i++) {
        replace(i, was.disks().get(i), will.disks().get(i));
      }
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

  private void replace(int index, DiskSpec was, DiskSpec will) throws VmmException {
    if (!was.equals(will)) {
      guest.replaceDisk(index, will);
      done.push(() -> guest.replaceDisk(index, was));
    }
  }

  /** Replaces a NIC, or gives it its new network and policy. */
  private void stay(GuestConfig before, GuestSpec was, GuestConfig after, GuestSpec will, int index)
      throws VmmException {
    GuestConfig.Nic old = before.nics().get(index);
    GuestConfig.Nic now = after.nics().get(index);
    if (isOther(old, now)) {
      swap(old, now, will, index);
      done.push(() -> swap(now, old, was, index));
    } else {
      Nic made = guest.nics().get(index);
      nics.configure(old, now, made, true);
      done.push(() -> nics.configure(now, old, made, true));
    }
  }

  private void swap(GuestConfig.Nic old, GuestConfig.Nic now, GuestSpec spec, int index)
      throws VmmException {
    Nic made;
    try {
      made = guest.replaceNic(index, spec.nics().get(index));
    } catch (VmmException e) {
      // It has a NIC like the old one, perhaps another object.
      nics.detach(old);
      nics.plug(old, guest.nics().get(index), true);
      throw e;
    }
    nics.detach(old);
    nics.plug(now, made, true);
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
