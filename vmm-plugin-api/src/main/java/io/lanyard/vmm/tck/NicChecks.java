package io.lanyard.vmm.tck;

import static io.lanyard.vmm.tck.Bench.equal;
import static io.lanyard.vmm.tck.Bench.require;
import static io.lanyard.vmm.tck.Bench.same;

import io.lanyard.vmm.FrameSink;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.Nic;
import io.lanyard.vmm.NicOffloads;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Checks of NICs that need no driver in the guest. */
final class NicChecks {
  private static final int FRAME = 12 + 60;

  private final Fixture fixture;

  NicChecks(Fixture fixture) {
    this.fixture = fixture;
  }

  List<Check> checks() {
    return List.of(
        new Check("the NICs are those of the specification", this::identity),
        new Check("a frame that the guest cannot take is refused and counted", this::refusal),
        new Check("NICs are attached, moved and detached in any state", this::links),
        new Check("frames that are none are refused", this::malformed));
  }

  private static final class Network implements FrameSink {
    @Override
    public boolean accept(MemorySegment frame) {
      return true;
    }

    @Override
    public void flush() {
      // Nothing is kept back.
    }

    @Override
    public NicOffloads offloads() {
      return NicOffloads.ALL;
    }
  }

  private void identity() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.create("one", fixture.spinning());
      equal(1, guest.nics().size(), "number of NICs");
      Nic nic = guest.nics().getFirst();
      equal("eth0", nic.name(), "name");
      equal(0x52_54_00_00_00_01L, nic.mac(), "address");
      same(nic.sink(), nic.sink(), "sink");
      same(nic, guest.nics().getFirst(), "NIC");
    }
  }

  private void refusal() throws Exception {
    try (Bench bench = new Bench(fixture);
        Arena arena = Arena.ofConfined()) {
      Guest guest = bench.create("one", fixture.spinning());
      Nic nic = guest.nics().getFirst();
      MemorySegment frame = arena.allocate(FRAME);
      nic.connect(new Network());
      require(!nic.sink().accept(frame), "a guest that was never started took a frame");
      guest.start();
      require(!nic.sink().accept(frame), "a guest without a driver took a frame");
      nic.sink().flush();
      guest.kill();
      require(!nic.sink().accept(frame), "a guest that was killed took a frame");
      equal(3L, nic.statistics().receiveDrops(), "frames refused");
      equal(0L, nic.statistics().receivedFrames(), "frames received");
    }
  }

  private void links() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.create("one", fixture.spinning());
      Nic nic = guest.nics().getFirst();
      nic.disconnect();
      nic.connect(new Network());
      guest.start();
      nic.connect(new Network());
      nic.disconnect();
      nic.disconnect();
      nic.connect(new Network());
      guest.kill();
      nic.disconnect();
      require(nic.sink().offloads() != null, "no offloads");
    }
  }

  private void malformed() throws Exception {
    try (Bench bench = new Bench(fixture);
        Arena arena = Arena.ofConfined()) {
      Guest guest = bench.started(fixture.spinning());
      Nic nic = guest.nics().getFirst();
      nic.connect(new Network());
      for (long length : new long[] {0, 1, 11, 12, 25, 70_000, 1 << 20}) {
        require(
            !nic.sink().accept(arena.allocate(Math.max(1, length)).asSlice(0, length)),
            "a frame of " + length + " bytes was taken");
      }
    }
  }
}
