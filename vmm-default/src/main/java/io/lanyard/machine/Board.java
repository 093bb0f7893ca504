package io.lanyard.machine;

import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.device.BootRom;
import io.lanyard.machine.device.Clint;
import io.lanyard.machine.device.GoldfishRtc;
import io.lanyard.machine.device.InterruptLine;
import io.lanyard.machine.device.MemoryMap;
import io.lanyard.machine.device.PciHost;
import io.lanyard.machine.device.TestFinisher;
import io.lanyard.machine.device.Uart16550;
import io.lanyard.machine.hart.Hart;
import io.lanyard.machine.hart.Timebase;
import io.lanyard.machine.virtio.VirtioDevice;
import io.lanyard.machine.virtio.VirtioPci;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * The board: every device at its address, every wire at its interrupt.
 *
 * <p>Made and wired by one thread before the harts run.
 */
final class Board implements AutoCloseable {
  private final Bus bus;
  private final Wiring wiring;
  private final Uart16550 uart;
  private final GoldfishRtc rtc;
  private final PciHost pci;
  private final List<VirtioPci> virtio = new ArrayList<>();

  Board(
      Bus bus,
      List<Hart> harts,
      Timebase time,
      Wiring wiring,
      TestFinisher.Power power,
      IntConsumer serialOutput,
      Boot.Start start) {
    this.bus = bus;
    this.wiring = wiring;
    uart = new Uart16550(serialOutput, wiring.source(MemoryMap.UART_INTERRUPT));
    rtc = new GoldfishRtc(InstantSource.system(), wiring.source(MemoryMap.RTC_INTERRUPT));
    List<InterruptLine> wires = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      wires.add(wiring.source(MemoryMap.PCI_INTERRUPT + i));
    }
    pci = new PciHost(wires);
    Clint clint = new Clint(harts.stream().map(Board::core).toList(), time(time));
    Ram ram = bus.ram();
    long high = MemoryMap.pciHigh(Ram.BASE + ram.size());
    bus.map(
        "boot-rom",
        MemoryMap.BOOT_ROM,
        MemoryMap.BOOT_ROM_SIZE,
        new BootRom(start.entry(), start.deviceTree()));
    bus.map("test", MemoryMap.TEST_FINISHER, MemoryMap.PAGE, new TestFinisher(power));
    bus.map("rtc", MemoryMap.RTC, MemoryMap.PAGE, rtc);
    bus.map("clint", MemoryMap.CLINT, Clint.SIZE, clint);
    bus.map("uart", MemoryMap.UART, 0x100, uart);
    bus.map("pci-ecam", MemoryMap.PCI_ECAM, MemoryMap.PCI_ECAM_SIZE, pci.ecam());
    bus.map("pci-low", MemoryMap.PCI_LOW, MemoryMap.PCI_LOW_SIZE, pci.window(MemoryMap.PCI_LOW));
    bus.map("pci-high", high, MemoryMap.PCI_HIGH_SIZE, pci.window(high));
  }

  private static Clint.Core core(Hart hart) {
    return new Clint.Core() {
      @Override
      public void machineSoftware(boolean high) {
        hart.setInterrupt(Hart.MSI, high);
      }

      @Override
      public void machineTimer(long ticks) {
        hart.machineTimer(ticks);
      }

      @Override
      public long machineTimer() {
        return hart.machineTimer();
      }
    };
  }

  private static Clint.Time time(Timebase time) {
    return new Clint.Time() {
      @Override
      public long now() {
        return time.now();
      }

      @Override
      public void set(long ticks) {
        time.set(ticks);
      }
    };
  }

  /** Attaches a virtio device to the next PCI slot. */
  void attach(String name, VirtioDevice device) {
    VirtioPci function = new VirtioPci(name, device, bus.ram(), wiring::message);
    pci.add(function.function());
    virtio.add(function);
  }

  Uart16550 uart() {
    return uart;
  }

  /** Makes every device stop working on its queues, soon. Thread: any. */
  void abandon() {
    virtio.forEach(VirtioPci::abandon);
  }

  /** Makes every device let go of RAM. The harts have stopped. */
  @Override
  public void close() {
    virtio.forEach(VirtioPci::reset);
    rtc.close();
  }
}
