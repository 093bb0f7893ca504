package io.lanyard.vmm.tck;

import static io.lanyard.vmm.tck.Bench.equal;
import static io.lanyard.vmm.tck.Bench.refused;
import static io.lanyard.vmm.tck.Bench.require;
import static io.lanyard.vmm.tck.Bench.same;

import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.InProcessNic;
import io.lanyard.vmm.Nic;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** NICs: who they are, and for each way of attaching one that frames pass. */
final class NicChecks {
  private static final int FRAME = 12 + 60;

  /** Addresses, type, number and filler: the largest is what an MTU of 1500 allows. */
  private static final int[] SIZES = {60, 61, 590, 1514};

  private final Fixture fixture;

  NicChecks(Fixture fixture) {
    this.fixture = fixture;
  }

  List<Check> checks() {
    Set<Class<? extends Attachment>> ways = fixture.provider().describe().attachments();
    List<Check> checks = new ArrayList<>();
    if (ways.isEmpty()) {
      return checks;
    }
    checks.add(new Check("the NICs are those of the specification", this::identity));
    checks.add(new Check("a NIC that cannot be attached as offered is refused", this::noOffer));
    for (Class<? extends Attachment> way : Bench.attachments(ways)) {
      String by = " (" + way.getSimpleName() + ")";
      checks.add(new Check("each frame comes back from a guest that echoes" + by, () -> echo(way)));
      checks.add(
          new Check("frames pass again after the NIC was attached anew" + by, () -> anew(way)));
    }
    if (ways.contains(Attachment.InProcess.class)) {
      checks.add(
          new Check("a frame that the guest cannot take is refused and counted", this::refusal));
      checks.add(new Check("NICs are attached, moved and detached in any state", this::links));
      checks.add(new Check("frames that are none are refused", this::malformed));
    }
    if (ways.contains(Attachment.UnixStream.class)) {
      checks.add(new Check("a stream that is no frames does not hurt the guest", this::garbage));
    }
    return checks;
  }

  private void identity() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      GuestSpec spec = bench.spec("one", fixture.spinning());
      Guest guest = bench.create(spec);
      equal(1, guest.nics().size(), "number of NICs");
      Nic nic = guest.nics().getFirst();
      equal("eth0", nic.name(), "name");
      equal(0x52_54_00_00_00_01L, nic.mac(), "address");
      require(
          spec.nics().getFirst().offers().contains(nic.attachment()),
          "the NIC took " + nic.attachment() + ", which was not offered");
      equal(
          nic.attachment() instanceof Attachment.InProcess,
          nic instanceof InProcessNic,
          "whether the NIC is in this process, and says so");
      same(nic, guest.nics().getFirst(), "NIC");
      if (nic instanceof InProcessNic near) {
        same(near.sink(), near.sink(), "sink");
      }
    }
  }

  /** A way that no VMM knows. */
  private record Unheard() implements Attachment {}

  private void noOffer() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      refused(
          VmmException.class,
          "a NIC with no offer that the VMM knows",
          () -> bench.create(bench.spec("one", fixture.spinning(), List.of(new Unheard()))));
    }
  }

  private Guest started(Bench bench, Class<? extends Attachment> way) throws VmmException {
    Guest guest =
        bench.create(
            bench.spec(
                "one",
                fixture.reflecting(),
                bench.offers().stream().filter(way::isInstance).toList()));
    guest.start();
    return guest;
  }

  private void echo(Class<? extends Attachment> way) throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = started(bench, way);
      try (Wire wire = Wire.to(guest.nics().getFirst())) {
        passes(wire);
      }
    }
  }

  private void anew(Class<? extends Attachment> way) throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = started(bench, way);
      Nic nic = guest.nics().getFirst();
      for (int i = 0; i < 3; i++) {
        try (Wire wire = Wire.to(nic)) {
          passes(wire);
        }
      }
    }
  }

  /** Sends frames until each has come back: the guest may not be ready for the first ones. */
  private static void passes(Wire wire) throws Exception {
    int number = 0;
    for (int size : SIZES) {
      byte[] sent = frame(size, number++);
      byte[] back = exchanged(sent);
      Bench.await(
          () -> {
            try {
              wire.send(sent);
            } catch (IOException e) {
              throw new AssertionError("the link was closed by the VMM", e);
            }
            return wire.received.stream().anyMatch(frame -> Arrays.equals(frame, back));
          },
          "a frame of " + size + " bytes to come back");
    }
  }

  private static byte[] frame(int size, int number) {
    ByteBuffer frame = ByteBuffer.allocate(size);
    frame.putShort((short) 0x5254).putInt(1); // to the NIC
    frame.putShort((short) 0x0200).putInt(9);
    frame.putShort((short) 0x88b5).putInt(number); // for experiments (IEEE 802)
    while (frame.hasRemaining()) {
      frame.put((byte) (frame.position() * 7));
    }
    return frame.array();
  }

  private static byte[] exchanged(byte[] frame) {
    byte[] back = frame.clone();
    System.arraycopy(frame, 0, back, 6, 6);
    System.arraycopy(frame, 6, back, 0, 6);
    return back;
  }

  private static InProcessNic near(Guest guest) {
    return (InProcessNic) guest.nics().getFirst();
  }

  private Guest createdInProcess(Bench bench) throws VmmException {
    return bench.create(bench.spec("one", fixture.spinning(), List.of(new Attachment.InProcess())));
  }

  private void refusal() throws Exception {
    try (Bench bench = new Bench(fixture);
        Arena arena = Arena.ofConfined()) {
      Guest guest = createdInProcess(bench);
      InProcessNic nic = near(guest);
      MemorySegment frame = arena.allocate(FRAME);
      nic.connect(new NoNetwork());
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
      Guest guest = createdInProcess(bench);
      InProcessNic nic = near(guest);
      nic.disconnect();
      nic.connect(new NoNetwork());
      guest.start();
      nic.connect(new NoNetwork());
      nic.disconnect();
      nic.disconnect();
      nic.connect(new NoNetwork());
      guest.kill();
      nic.disconnect();
      require(nic.sink().offloads() != null, "no offloads");
    }
  }

  private void malformed() throws Exception {
    try (Bench bench = new Bench(fixture);
        Arena arena = Arena.ofConfined()) {
      Guest guest = createdInProcess(bench);
      guest.start();
      InProcessNic nic = near(guest);
      nic.connect(new NoNetwork());
      for (long length : new long[] {0, 1, 11, 12, 25, 70_000, 1 << 20}) {
        require(
            !nic.sink().accept(arena.allocate(Math.max(1, length)).asSlice(0, length)),
            "a frame of " + length + " bytes was taken");
      }
    }
  }

  private void garbage() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = started(bench, Attachment.UnixStream.class);
      Nic nic = guest.nics().getFirst();
      for (int size : new int[] {0, 1, 1 << 20}) {
        try (Wire wire = Wire.to(nic)) {
          wire.send(new byte[size]);
        } catch (IOException e) {
          // The VMM may hang up on us.
        }
      }
      try (Wire wire = Wire.to(nic)) {
        passes(wire);
      }
      equal(GuestState.RUNNING, guest.state(), "state after garbage");
    }
  }
}
