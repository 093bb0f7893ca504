package io.lanyard.machine.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.machine.bus.Device;
import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.device.MemoryMap;
import io.lanyard.machine.device.PciHost;
import io.lanyard.testing.FuzzInput;
import io.lanyard.testing.LogWatch;
import io.lanyard.virtio.Features;
import io.lanyard.virtio.Ring;
import io.lanyard.vmm.NicOffloads;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Devices throw nothing for any bytes of a driver in registers, rings and requests, and pass on no
 * more than they say they take.
 *
 * <p>An input is a series of steps: a descriptor, a chain that is offered, bytes of a request, a
 * notification, or what the other side sends.
 */
class VirtioFuzzTest {
  private static final long SLOT = 1 << 15;
  private static final long DATA = Ram.BASE + 0x4000;
  private static final int MEMORY = 1 << 16;
  private static final Ram RAM = Ram.allocate(MEMORY);

  private final MemorySegment incoming = MemorySegment.ofArray(new byte[3000]);

  private final VirtioNet.Backend backend =
      new VirtioNet.Backend() {
        @Override
        public void transmit(MemorySegment frame) {
          assertThat(frame.byteSize()).isBetween(12L, (long) VirtioNet.MAX_FRAME);
        }

        @Override
        public void malformed() {}

        @Override
        public void flushNetwork() {}

        @Override
        public boolean up() {
          return true;
        }

        @Override
        public NicOffloads networkOffloads() {
          return NicOffloads.ALL;
        }
      };

  private static void step(FuzzInput in, Ring ring) {
    switch (in.choice(4)) {
      case 0 ->
          ring.descriptor(
              in.choice(Ring.SIZE),
              DATA + in.word() % 0x8000,
              in.word() % 0x4000,
              in.choice(8),
              in.choice(Ring.SIZE));
      case 1 -> ring.descriptor(in.choice(Ring.SIZE), in.longNumber(), in.number(), in.word(), 0);
      case 2 -> RAM.put(DATA + in.word() % 0x8000, in.bytes(in.choice(64)));
      default -> ring.offer(in.choice(Ring.SIZE + 1));
    }
  }

  private static Ring ring(int number) {
    return new Ring(RAM, Ram.BASE + 0x1000L * number);
  }

  @FuzzTest
  void aNicPassesOnNoMoreThanItTakes(byte[] input) {
    LogWatch.allowWarnings();
    RAM.segment().fill((byte) 0);
    FuzzInput in = new FuzzInput(input);
    VirtioNet net = new VirtioNet(0x525400123456L, 1400, backend);
    long features = (in.longNumber() & net.features()) | Features.VERSION_1;
    List<Ring> rings = List.of(ring(0), ring(1), ring(2));
    net.activate(
        features,
        List.of(
            rings.get(0).queue(features),
            rings.get(1).queue(features),
            rings.get(2).queue(features)));
    while (in.hasNext()) {
      int what = in.choice(8);
      if (what < 6) {
        step(in, rings.get(what % 3));
      } else if (what == 6) {
        net.notified(in.choice(3));
      } else {
        int length = 12 + in.word() % 2900;
        net.receive(incoming.asSlice(0, length));
      }
    }
    for (int queue = 0; queue < 3; queue++) {
      net.notified(queue);
    }
    net.reset();
  }

  @FuzzTest
  void aConsoleShowsNoMoreThanItIsGiven(byte[] input) {
    LogWatch.allowWarnings();
    RAM.segment().fill((byte) 0);
    FuzzInput in = new FuzzInput(input);
    VirtioConsole console =
        new VirtioConsole(bytes -> assertThat(bytes.remaining()).isLessThanOrEqualTo(MEMORY));
    Ring receive = ring(0);
    Ring transmit = ring(1);
    console.activate(0, List.of(receive.queue(0), transmit.queue(0)));
    while (in.hasNext()) {
      int what = in.choice(4);
      if (what < 2) {
        step(in, what == 0 ? receive : transmit);
      } else if (what == 2) {
        console.notified(in.choice(2));
      } else {
        ByteBuffer typed = ByteBuffer.wrap(in.bytes(in.octet()));
        console.receive(typed);
      }
    }
    console.notified(0);
    console.notified(1);
    console.reset();
  }

  /** Registers of the PCI function and of the device, read and written in any order. */
  @FuzzTest
  void registersTakeAnyValue(byte[] input) {
    LogWatch.allowWarnings();
    RAM.segment().fill((byte) 0);
    FuzzInput in = new FuzzInput(input);
    VirtioPci pci =
        new VirtioPci(
            "rng",
            new VirtioRng(bytes -> Arrays.fill(bytes, (byte) 0x5a)),
            RAM,
            (address, data) -> {});
    PciHost host = new PciHost(List.of(h -> {}, h -> {}, h -> {}, h -> {}));
    host.add(pci.function());
    Device ecam = host.ecam();
    Device window = host.window(MemoryMap.PCI_LOW);
    ecam.write(SLOT + 0x10 + 4, 4, MemoryMap.PCI_LOW + 0x10000); // BAR 1
    ecam.write(SLOT + 0x10 + 16, 4, MemoryMap.PCI_LOW); // BAR 4
    ecam.write(SLOT + 4, 2, 6);
    Ring ring = ring(0);
    while (in.hasNext()) {
      int size = 1 << in.choice(4);
      switch (in.choice(5)) {
        case 0 -> ecam.write(SLOT + align(in.word() & 0xfff, size), size, in.longNumber());
        case 1 -> ecam.read(SLOT + align(in.word() & 0xfff, size), size);
        case 2 -> window.write(align(in.word() * 4L, size), size, in.longNumber());
        case 3 -> window.read(align(in.word() * 4L, size), size);
        default -> step(in, ring);
      }
    }
    pci.reset();
  }

  private static long align(long offset, int size) {
    return offset & -size;
  }
}
