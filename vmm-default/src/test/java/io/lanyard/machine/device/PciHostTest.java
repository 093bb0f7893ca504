package io.lanyard.machine.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.machine.bus.Device;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PciHostTest {
  private static final long SLOT = 1 << 15;
  private final boolean[] wires = new boolean[4];
  private final PciHost host =
      new PciHost(
          List.of(
              high -> wires[0] = high,
              high -> wires[1] = high,
              high -> wires[2] = high,
              high -> wires[3] = high));
  private final Device ecam = host.ecam();
  private final Device window = host.window(MemoryMap.PCI_LOW);

  private PciFunction add() {
    PciFunction function = new PciFunction("test", 0x1af4, 0x1041, 0x020000, 1);
    function.interruptPin();
    function.bar(
        0,
        0x1000,
        false,
        new Device() {
          private long last;

          @Override
          public long read(long offset, int size) {
            return last + offset;
          }

          @Override
          public void write(long offset, int size, long value) {
            last = value;
          }
        });
    host.add(function);
    return function;
  }

  @Test
  void emptySlotsAndOtherBusesReadOnes() {
    assertThat((int) ecam.read(5 * SLOT, 4)).isEqualTo(-1);
    assertThat((int) ecam.read(1 << 20, 4)).isEqualTo(-1);
    assertThat((int) ecam.read(0x1000, 4)).isEqualTo(-1);
  }

  @Test
  void barIsSizedPlacedAndDecodedOnlyWhenEnabled() {
    add();
    ecam.write(SLOT + 0x10, 4, 0xffff_ffffL);
    assertThat((int) ecam.read(SLOT + 0x10, 4)).isEqualTo(0xffff_f000);
    ecam.write(SLOT + 0x10, 4, MemoryMap.PCI_LOW + 0x3000);
    assertThat(window.read(0x3008, 4)).isEqualTo(-1);
    ecam.write(SLOT + 4, 2, 2);
    window.write(0x3000, 4, 100);
    assertThat(window.read(0x3008, 4)).isEqualTo(108);
    assertThat(window.read(0x4000, 4)).isEqualTo(-1);
    ecam.write(SLOT + 4, 2, 0);
    assertThat(window.read(0x3008, 4)).isEqualTo(-1);
  }

  @Test
  void functionsFourSlotsApartShareAWire() {
    PciFunction one = add();
    add();
    add();
    add();
    PciFunction five = add();
    one.interrupt(true);
    five.interrupt(true);
    assertThat(wires).containsExactly(false, true, false, false);
    one.interrupt(false);
    assertThat(wires[1]).isTrue();
    ecam.write(5 * SLOT + 4, 2, 0x400); // interrupts off
    assertThat(wires[1]).isFalse();
    assertThat(ecam.read(5 * SLOT + 6, 2) & 8).isEqualTo(8);
  }

  @Test
  void anyAccessIsAnswered() {
    add();
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < 100_000; i++) {
      int size = 1 << random.nextInt(4);
      long at = random.nextLong(2 * SLOT) & -size;
      ecam.write(at, size, random.nextLong());
      ecam.read(at, size);
      window.write(random.nextLong(MemoryMap.PCI_LOW_SIZE) & -size, size, 1);
    }
    assertThat(ecam.read(SLOT, 4)).isEqualTo(0x10411af4L);
  }
}
