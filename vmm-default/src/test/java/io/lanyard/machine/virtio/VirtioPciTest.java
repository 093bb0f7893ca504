package io.lanyard.machine.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.machine.bus.Device;
import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.device.MemoryMap;
import io.lanyard.machine.device.PciHost;
import io.lanyard.virtio.Features;
import io.lanyard.virtio.Ring;
import io.lanyard.virtio.VirtQueue;
import io.lanyard.vmm.NicOffloads;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class VirtioPciTest {
  private static final long SLOT = 1 << 15;
  private final Ram ram = Ram.allocate(1 << 20);
  private final Ring ring = new Ring(ram, Ram.BASE);
  private final List<String> messages = new ArrayList<>();
  private final VirtioPci pci =
      new VirtioPci(
          "rng",
          new VirtioRng(bytes -> Arrays.fill(bytes, (byte) 0x5a)),
          ram,
          (address, data) -> messages.add(Long.toHexString(address) + "=" + data));
  private boolean interrupt;
  private Device ecam;
  private Device window;

  @BeforeEach
  void attach() {
    PciHost host = new PciHost(List.of(h -> {}, high -> interrupt = high, h -> {}, h -> {}));
    host.add(pci.function());
    ecam = host.ecam();
    window = host.window(MemoryMap.PCI_LOW);
    ecam.write(SLOT + 0x10 + 4, 4, MemoryMap.PCI_LOW + 0x10000); // BAR 1
    ecam.write(SLOT + 0x10 + 16, 4, MemoryMap.PCI_LOW); // BAR 4
    ecam.write(SLOT + 4, 2, 6);
  }

  @AfterEach
  void close() {
    pci.reset();
    ram.close();
  }

  private void negotiate(long features) {
    window.write(0x14, 1, 1);
    window.write(0x14, 1, 3);
    for (int half = 0; half < 2; half++) {
      window.write(0x08, 4, half);
      window.write(0x0c, 4, features >>> (32 * half));
    }
    window.write(0x14, 1, 11);
  }

  private void start() {
    negotiate(Features.VERSION_1);
    window.write(0x16, 2, 0);
    window.write(0x18, 2, Ring.SIZE);
    window.write(0x20, 8, ring.descriptors);
    window.write(0x28, 8, ring.available);
    window.write(0x30, 8, ring.used);
    window.write(0x1c, 2, 1);
    window.write(0x14, 1, 15);
  }

  @Test
  void capabilitiesNameEveryStructure() {
    List<Integer> types = new ArrayList<>();
    boolean msix = false;
    for (int at = (int) ecam.read(SLOT + 0x34, 1);
        at != 0;
        at = (int) ecam.read(SLOT + at + 1, 1)) {
      if (ecam.read(SLOT + at, 1) == 9) {
        types.add((int) ecam.read(SLOT + at + 3, 1));
      } else {
        msix |= ecam.read(SLOT + at, 1) == 0x11;
      }
    }
    assertThat(types).containsExactlyInAnyOrder(1, 2, 3, 4, 5);
    assertThat(msix).isTrue();
  }

  @Test
  void legacyDriverAndUnofferedFeatureAreRefused() {
    negotiate(0);
    assertThat(window.read(0x14, 1) & 8).isZero();
    window.write(0x14, 1, 0);
    negotiate(Features.VERSION_1 | 1L << 40);
    assertThat(window.read(0x14, 1) & 8).isZero();
    window.write(0x14, 1, 0);
    negotiate(Features.VERSION_1);
    assertThat(window.read(0x14, 1) & 8).isEqualTo(8);
  }

  @Test
  void requestIsServedAndInterruptsByIntxUntilIsrIsRead() {
    window.write(0x18, 2, 8);
    start();
    ring.offer(Ring.in(Ram.BASE + 0x8000, 16));
    window.write(0x3000, 2, 0);
    assertThat(ram.getByte(Ram.BASE + 0x800f)).isEqualTo((byte) 0x5a);
    assertThat(interrupt).isTrue();
    assertThat(window.read(0x1000, 1)).isEqualTo(1);
    assertThat(interrupt).isFalse();
    assertThat(window.read(0x1000, 1)).isZero();
  }

  @Test
  void aConfigurationThatChangesInterruptsNobodyBeforeADriverIsReady() {
    pci.configurationChanged();
    assertThat(interrupt).isFalse();
    negotiate(Features.VERSION_1);
    pci.configurationChanged();
    assertThat(interrupt).isFalse();
    window.write(0x14, 1, 15);
    assertThat(window.read(0x1000, 1)).isZero();
    pci.configurationChanged();
    assertThat(interrupt).isTrue();
    assertThat(window.read(0x1000, 1)).isEqualTo(2);
    assertThat(interrupt).isFalse();
    window.write(0x14, 1, 0);
    pci.configurationChanged();
    assertThat(interrupt).isFalse();
  }

  @Test
  void msixSendsItsMessageInstead() {
    int msix = 0x40;
    assertThat(ecam.read(SLOT + msix, 1)).isEqualTo(0x11);
    window.write(0x10010, 8, 0x2800_0000L); // vector 1: address
    window.write(0x10018, 4, 33);
    window.write(0x1001c, 4, 0);
    ecam.write(SLOT + msix + 2, 2, 0x8000);
    window.write(0x1a, 2, 1);
    start();
    ring.offer(Ring.in(Ram.BASE + 0x8000, 16));
    window.write(0x3000, 2, 0);
    assertThat(messages).containsExactly("28000000=33");
    assertThat(interrupt).isFalse();
  }

  @Test
  void messagesThatAreSwitchedOnTakeTheWireDown() {
    start();
    ring.offer(Ring.in(Ram.BASE + 0x8000, 16));
    window.write(0x3000, 2, 0);
    assertThat(interrupt).isTrue();
    ecam.write(SLOT + 0x42, 2, 0x8000);
    assertThat(interrupt).isFalse();
    ecam.write(SLOT + 0x42, 2, 0);
    assertThat(interrupt).as("its cause is still there").isTrue();
  }

  @Test
  void maskedVectorIsSentWhenItIsUnmaskedAndShownAsPendingUntilThen() {
    window.write(0x10010, 8, 0x2800_0000L);
    window.write(0x10018, 4, 33); // its mask bit is set, as after reset
    ecam.write(SLOT + 0x42, 2, 0x8000);
    window.write(0x1a, 2, 1);
    start();
    ring.offer(Ring.in(Ram.BASE + 0x8000, 16));
    window.write(0x3000, 2, 0);
    assertThat(messages).isEmpty();
    assertThat(window.read(0x10800, 4)).isEqualTo(2);
    window.write(0x1001c, 4, 0);
    assertThat(messages).containsExactly("28000000=33");
    assertThat(window.read(0x10800, 8)).isZero();
    assertThat(window.read(0x10012, 2)).as("sub-words are where they are").isEqualTo(0x2800);
  }

  @Test
  void queueWithoutAVectorSendsNothingAndVectorsThatAreNotThereAreNone() {
    ecam.write(SLOT + 0x42, 2, 0x8000);
    window.write(0x1a, 2, 2);
    assertThat(window.read(0x1a, 2)).isEqualTo(0xffff);
    window.write(0x10, 2, 2);
    assertThat(window.read(0x10, 2)).isEqualTo(0xffff);
    start();
    ring.offer(Ring.in(Ram.BASE + 0x8000, 16));
    window.write(0x3000, 2, 0);
    assertThat(ring.used()).isEqualTo(1);
    assertThat(messages).isEmpty();
    assertThat(interrupt).isFalse();
  }

  @Test
  void resetInTheMiddleForgetsQueuesAndVectors() {
    window.write(0x1a, 2, 1);
    start();
    window.write(0x18, 2, 1);
    assertThat(window.read(0x18, 2)).as("no size of a queue that is on").isEqualTo(Ring.SIZE);
    window.write(0x14, 1, 0);
    assertThat(window.read(0x1a, 2)).isEqualTo(0xffff);
    assertThat(window.read(0x1c, 2)).isZero();
    assertThat(window.read(0x18, 2)).isEqualTo(64);
    ring.offer(Ring.in(Ram.BASE + 0x8000, 16));
    window.write(0x3000, 2, 0);
    assertThat(ring.used()).isZero();
  }

  /** A backend that changes between the driver's look and its choice. */
  @Test
  void whatIsOfferedStaysWhileADriverIsAbout() {
    NicOffloads[] takes = {NicOffloads.ALL};
    var net =
        new VirtioNet(
            0x525400000001L,
            1500,
            new VirtioNet.Backend() {
              @Override
              public void transmit(MemorySegment frame) {
                throw new AssertionError("no queue is on");
              }

              @Override
              public void malformed() {
                throw new AssertionError("no queue is on");
              }

              @Override
              public void flushNetwork() {
                throw new AssertionError("no queue is on");
              }

              @Override
              public boolean up() {
                return true;
              }

              @Override
              public NicOffloads networkOffloads() {
                return takes[0];
              }
            });
    Device registers =
        Objects.requireNonNull(
            new VirtioPci("net", net, ram, (address, data) -> {}).function().barDevice(4));
    registers.write(0x14, 1, 3);
    final long low = registers.read(4, 4);
    takes[0] = NicOffloads.NONE;
    assertThat(registers.read(4, 4)).isEqualTo(low);
    registers.write(0x0c, 4, low);
    registers.write(0x08, 4, 1);
    registers.write(0x0c, 4, 1);
    registers.write(0x14, 1, 11);
    assertThat(registers.read(0x14, 1) & 8).as("FEATURES_OK").isEqualTo(8);
    registers.write(0x14, 1, 0);
    assertThat(registers.read(4, 4)).as("the next driver sees the new end").isNotEqualTo(low);
  }

  @Test
  void functionsThatAreNotThereReadAsAllOnes() {
    for (long absent : new long[] {31L << 15, SLOT | 1 << 12, 1 << 20, 255L << 20}) {
      assertThat((int) ecam.read(absent, 4)).isEqualTo(-1);
      ecam.write(absent + 4, 2, 6);
    }
    for (int bar = 0; bar < 6; bar++) {
      ecam.write(SLOT + 0x10 + 4L * bar, 4, 0xffff_ffffL);
    }
    assertThat(ecam.read(SLOT + 0x10, 4)).isZero();
    assertThat(ecam.read(SLOT + 0x14, 4)).isEqualTo(0xffff_f000L);
    assertThat(ecam.read(SLOT + 0x20, 4)).isEqualTo(0xffff_c00cL);
    assertThat(ecam.read(SLOT + 0x24, 4)).isEqualTo(0xffff_ffffL);
  }

  @Test
  void brokenQueueAsksForReset() {
    start();
    ring.descriptor(0, 0, 16, VirtQueue.WRITE, 0);
    ring.offer(0);
    window.write(0x3000, 2, 0);
    assertThat(window.read(0x14, 1) & 0x40).isEqualTo(0x40);
    assertThat(window.read(0x1000, 1) & 2).isEqualTo(2);
    window.write(0x14, 1, 0);
    assertThat(window.read(0x14, 1)).isZero();
    assertThat(interrupt).isFalse();
  }

  @Test
  void registersAreReachedThroughConfigurationSpace() {
    int access = 0;
    for (int at = (int) ecam.read(SLOT + 0x34, 1);
        at != 0;
        at = (int) ecam.read(SLOT + at + 1, 1)) {
      if (ecam.read(SLOT + at, 1) == 9 && ecam.read(SLOT + at + 3, 1) == 5) {
        access = at;
      }
    }
    ecam.write(SLOT + access + 4, 1, 4);
    ecam.write(SLOT + access + 8, 4, 0x12);
    ecam.write(SLOT + access + 12, 4, 2);
    assertThat(ecam.read(SLOT + access + 16, 2)).isEqualTo(1);
    ecam.write(SLOT + access + 8, 4, 0xffff_fff0L);
    ecam.read(SLOT + access + 16, 4);
  }

  @Test
  void anySequenceOfAccessesIsAnswered() {
    SplittableRandom random = new SplittableRandom(9);
    for (int i = 0; i < 200_000; i++) {
      int size = 1 << random.nextInt(4);
      long at = random.nextInt(8) == 0 ? random.nextInt(0x11000) : random.nextInt(0x40);
      long value = random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(32);
      window.write(at & -size, size, value);
      window.read(at & -size, size);
      long config = random.nextInt(0x30, 0x100) & -size;
      ecam.write(SLOT + config, size, value);
      ecam.read(SLOT + config, size);
    }
    assertThat(ecam.read(SLOT, 4)).isEqualTo(0x10441af4L);
  }
}
