package io.lanyard.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.bus.Device;
import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.device.MemoryMap;
import io.lanyard.machine.hart.CodeBudget;
import io.lanyard.machine.hart.Firmware;
import io.lanyard.machine.hart.Hart;
import io.lanyard.machine.hart.Timebase;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WiringTest {
  private static final int SISELECT = 0x150;
  private static final int SIREG = 0x151;
  private static final int STOPEI = 0x15c;
  private static final int MISELECT = 0x350;
  private static final int MIREG = 0x351;
  private static final int MTOPEI = 0x35c;

  private final Ram ram = Ram.allocate(1 << 20);
  private final Bus bus = new Bus(ram);

  @AfterEach
  void close() {
    ram.close();
  }

  private List<Hart> harts(boolean messages) {
    var time = new Timebase();
    List<Hart> harts =
        List.of(
            new Hart(0, bus, time, Firmware.NONE, messages, new CodeBudget(1 << 20).open()),
            new Hart(1, bus, time, Firmware.NONE, messages, new CodeBudget(1 << 20).open()));
    for (Hart hart : harts) {
      hart.reset(Ram.BASE, true);
      hart.csr(SISELECT, 0xc0);
      hart.csr(SIREG, -1);
      hart.csr(MISELECT, 0xc0);
      hart.csr(MIREG, -1);
    }
    return harts;
  }

  @Test
  void aMessageArrivesAtTheHartAndLevelThatItsAddressNames() {
    List<Hart> harts = harts(true);
    Wiring wiring = Wiring.aia(bus, harts, true);
    wiring.message(MemoryMap.IMSIC_SUPERVISOR + 0x1000, 12);
    wiring.message(MemoryMap.IMSIC_MACHINE, 13);
    assertThat(harts.get(1).csr(STOPEI)).isEqualTo(12 << 16 | 12);
    assertThat(harts.get(0).csr(STOPEI)).isZero();
    assertThat(harts.get(0).csr(MTOPEI)).isEqualTo(13 << 16 | 13);
  }

  @Test
  void aMessageToMemoryOrToADeviceIsLost() {
    List<Hart> harts = harts(true);
    Wiring wiring = Wiring.aia(bus, harts, true);
    bus.map(
        "device",
        0x1000_0000,
        0x1000,
        new Device() {
          @Override
          public long read(long offset, int size) {
            return 0;
          }

          @Override
          public void write(long offset, int size, long value) {
            throw new AssertionError("a message reached a device");
          }
        });
    for (long address :
        new long[] {
          Ram.BASE,
          0x1000_0000,
          MemoryMap.APLIC_SUPERVISOR,
          MemoryMap.IMSIC_SUPERVISOR - 4,
          MemoryMap.IMSIC_SUPERVISOR + 0x2000,
          MemoryMap.IMSIC_MACHINE + 0x2000,
          0,
          -4,
          Long.MIN_VALUE
        }) {
      wiring.message(address, 5);
    }
    assertThat(ram.getInt(Ram.BASE)).isZero();
    harts.forEach(hart -> assertThat(hart.csr(STOPEI) | hart.csr(MTOPEI)).isZero());
  }

  @Test
  void aKernelGetsTheWiresInItsSupervisorsDomain() {
    Wiring wiring = Wiring.aia(bus, harts(true), true);
    bus.store(MemoryMap.APLIC_SUPERVISOR + 4 * 10, 4, 6);
    wiring.source(10).set(true);
    Bus.Word word = new Bus.Word();
    assertThat(bus.load(MemoryMap.APLIC_SUPERVISOR + 0x1d00, 4, word)).isTrue();
    assertThat(word.value).isEqualTo(1 << 10);
  }

  @Test
  void underAPlicNobodyTakesMessages() {
    Wiring wiring = Wiring.plic(bus, harts(false));
    wiring.message(Ram.BASE, 5);
    assertThat(ram.getInt(Ram.BASE)).isZero();
    assertThat(bus.isDevice(MemoryMap.IMSIC_SUPERVISOR, 4)).isFalse();
  }
}
