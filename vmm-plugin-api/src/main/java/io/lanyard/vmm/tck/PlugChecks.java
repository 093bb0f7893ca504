package io.lanyard.vmm.tck;

import static io.lanyard.vmm.tck.Bench.equal;
import static io.lanyard.vmm.tck.Bench.refused;
import static io.lanyard.vmm.tck.Bench.require;
import static io.lanyard.vmm.tck.Bench.same;

import io.lanyard.vmm.Capability;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.Nic;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.VmmException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** NICs and disks that come and go while a guest is on. */
final class PlugChecks {
  private static final long MAC = 0x52_54_00_00_00_71L;
  private static final int ROUNDS = 3;

  private final Fixture fixture;

  PlugChecks(Fixture fixture) {
    this.fixture = fixture;
  }

  List<Check> checks() {
    Set<Capability> can = fixture.provider().describe().capabilities();
    List<Check> checks = new ArrayList<>();
    if (can.contains(Capability.HOT_NICS)) {
      checks.add(new Check("a NIC is added and removed while the guest runs", this::nic));
      checks.add(new Check("a NIC that was added is there after the next start", this::kept));
      checks.add(new Check("a guest that is off is given no NIC", this::off));
    } else {
      checks.add(new Check("NICs are not added where it is not a capability", this::noNic));
    }
    if (can.contains(Capability.HOT_SWAP)) {
      checks.add(new Check("a NIC is replaced while the guest runs", this::swap));
    } else {
      checks.add(new Check("no part is replaced where it is not a capability", this::noSwap));
    }
    if (can.contains(Capability.HOT_DISKS)) {
      checks.add(new Check("a disk is added and removed while the guest runs", this::disk));
      checks.add(new Check("a disk that is not there is refused", this::noFile));
    } else {
      checks.add(new Check("disks are not added where it is not a capability", this::noDisk));
    }
    return checks;
  }

  /** Whether a guest lets go of a part: one without an operating system may not know how. */
  private static boolean letsGo(Check.Body unplug) throws Exception {
    try {
      unplug.run();
      return true;
    } catch (VmmException e) {
      return false;
    }
  }

  private static NicSpec second(Bench bench) {
    return new NicSpec("eth1", MAC, 1500, bench.offers());
  }

  private void nic() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.spinning());
      Nic first = guest.nics().getFirst();
      for (int i = 0; i < ROUNDS; i++) {
        NicSpec spec = second(bench);
        Nic nic = guest.addNic(spec);
        equal("eth1", nic.name(), "name");
        equal(MAC, nic.mac(), "address");
        require(spec.offers().contains(nic.attachment()), "an attachment that nobody offered");
        equal(2, guest.nics().size(), "number of NICs");
        same(nic, guest.nics().getLast(), "NIC");
        same(first, guest.nics().getFirst(), "first NIC");
        require(guest.removableNics() >= 1, "the NIC that was added cannot be removed");
        nic.link(false);
        nic.link(true);
        if (!letsGo(guest::removeNic)) {
          equal(List.of(first, nic), guest.nics(), "NICs of a guest that did not let go");
          break;
        }
        equal(List.of(first), guest.nics(), "NICs");
      }
      equal(GuestState.RUNNING, guest.state(), "state");
    }
  }

  private void swap() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.spinning());
      Nic first = guest.nics().getFirst();
      Nic second = guest.addNic(second(bench));
      NicSpec other = new NicSpec("eth1", MAC + 1, 1500, bench.offers());
      if (letsGo(() -> guest.replaceNic(1, other))) {
        equal(2, guest.nics().size(), "number of NICs");
        same(first, guest.nics().getFirst(), "first NIC");
        equal(MAC + 1, guest.nics().getLast().mac(), "address");
        require(!guest.nics().contains(second), "the NIC that was replaced is there");
      } else {
        equal(List.of(first, second), guest.nics(), "NICs of a guest that did not let go");
      }
      refused(VmmException.class, "a NIC behind the last", () -> guest.replaceNic(2, other));
      equal(GuestState.RUNNING, guest.state(), "state");
    }
  }

  private void noSwap() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.create("one", fixture.spinning());
      refused(
          UnsupportedOperationException.class,
          "another NIC",
          () -> guest.replaceNic(0, second(bench)));
      DiskSpec disk = spare("a-disk");
      refused(
          UnsupportedOperationException.class, "another disk", () -> guest.replaceDisk(0, disk));
    }
  }

  private void kept() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.spinning());
      Nic nic = guest.addNic(second(bench));
      guest.kill();
      equal(0, guest.removableNics(), "NICs that a guest that is off can lose");
      guest.start();
      equal(2, guest.nics().size(), "number of NICs");
      same(nic, guest.nics().getLast(), "NIC");
    }
  }

  private void off() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.create("one", fixture.spinning());
      refused(
          IllegalStateException.class, "a NIC of a new guest", () -> guest.addNic(second(bench)));
      refused(IllegalStateException.class, "no NIC for a new guest", guest::removeNic);
      equal(1, guest.nics().size(), "number of NICs");
    }
  }

  private void noNic() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.create("one", fixture.spinning());
      refused(UnsupportedOperationException.class, "a NIC", () -> guest.addNic(second(bench)));
      refused(UnsupportedOperationException.class, "one NIC less", guest::removeNic);
      equal(0, guest.removableNics(), "NICs that can be removed");
    }
  }

  private DiskSpec spare(String name) throws Exception {
    Path file = fixture.context().runtimeDirectory().resolve(name);
    try (RandomAccessFile made = new RandomAccessFile(file.toFile(), "rw")) {
      made.setLength(1 << 20);
    }
    return new DiskSpec(file, DiskSpec.RAW, false);
  }

  private void disk() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.spinning());
      int before = guest.removableDisks();
      for (int i = 0; i < ROUNDS; i++) {
        guest.addDisk(spare("spare,disk"));
        require(guest.removableDisks() >= 1, "the disk that was added cannot be removed");
        if (!letsGo(guest::removeDisk)) {
          require(guest.removableDisks() >= 1, "the disk is gone that the guest still has");
          break;
        }
        equal(before, guest.removableDisks(), "disks that can be removed");
      }
      equal(GuestState.RUNNING, guest.state(), "state");
    }
  }

  private void noFile() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.spinning());
      DiskSpec none =
          new DiskSpec(
              fixture.context().runtimeDirectory().resolve("no-disk"), DiskSpec.RAW, false);
      refused(VmmException.class, "a disk without a file", () -> guest.addDisk(none));
      guest.addDisk(spare("a-disk"));
    }
  }

  private void noDisk() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.create("one", fixture.spinning());
      DiskSpec disk = spare("a-disk");
      refused(UnsupportedOperationException.class, "a disk", () -> guest.addDisk(disk));
      refused(UnsupportedOperationException.class, "one disk less", guest::removeDisk);
      equal(0, guest.removableDisks(), "disks that can be removed");
    }
  }
}
