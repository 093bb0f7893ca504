package io.lanyard.vmm.tck;

import static io.lanyard.vmm.tck.Bench.equal;
import static io.lanyard.vmm.tck.Bench.refused;
import static io.lanyard.vmm.tck.Bench.require;

import io.lanyard.vmm.Capability;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.VmmException;
import java.util.List;

/** Snapshots, as far as they can be tried without the VMM's own disks. */
final class SnapshotChecks {
  private static final String NAME = "tck-1";

  private final Fixture fixture;

  SnapshotChecks(Fixture fixture) {
    this.fixture = fixture;
  }

  List<Check> checks() {
    return fixture.provider().describe().capabilities().contains(Capability.SNAPSHOTS)
        ? List.of(
            new Check("a snapshot is kept, or refused", this::kept),
            new Check("a snapshot that is not there is refused", this::unknown))
        : List.of(new Check("there are no snapshots where they are no capability", this::none));
  }

  /** A guest without disks may have no place for a snapshot. */
  private void kept() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.spinning());
      boolean kept = true;
      try {
        guest.saveSnapshot(NAME);
      } catch (VmmException e) {
        kept = false;
      }
      equal(
          kept,
          guest.snapshots().stream().anyMatch(snapshot -> snapshot.name().equals(NAME)),
          "whether the snapshot is listed");
      if (kept) {
        guest.loadSnapshot(NAME);
        guest.removeSnapshot(NAME);
        equal(List.of(), guest.snapshots(), "snapshots");
      }
      equal(GuestState.RUNNING, guest.state(), "state");
    }
  }

  private void unknown() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.spinning());
      refused(VmmException.class, "loading it", () -> guest.loadSnapshot(NAME));
      refused(VmmException.class, "removing it", () -> guest.removeSnapshot(NAME));
      require(guest.state() == GuestState.RUNNING, "the guest has stopped");
    }
  }

  private void none() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.create("one", fixture.spinning());
      refused(UnsupportedOperationException.class, "listing", guest::snapshots);
      refused(UnsupportedOperationException.class, "saving", () -> guest.saveSnapshot(NAME));
      refused(UnsupportedOperationException.class, "loading", () -> guest.loadSnapshot(NAME));
      refused(UnsupportedOperationException.class, "removing", () -> guest.removeSnapshot(NAME));
    }
  }
}
