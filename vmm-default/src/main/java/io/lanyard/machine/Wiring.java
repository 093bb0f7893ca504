package io.lanyard.machine;

import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.device.Aplic;
import io.lanyard.machine.device.Imsic;
import io.lanyard.machine.device.InterruptLine;
import io.lanyard.machine.device.MemoryMap;
import io.lanyard.machine.device.MsiX;
import io.lanyard.machine.device.Plic;
import io.lanyard.machine.hart.Hart;
import io.lanyard.machine.hart.InterruptFile;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;

/**
 * The board's interrupt controllers, and how devices reach them.
 *
 * <p>A guest chooses where the messages of a device go. They arrive at harts only: a message to
 * anywhere else is lost. If it could be stored to another device's registers, or the device's own,
 * a network's thread that interrupts a guest could be made to wait for locks that the guest's harts
 * hold, and for each other's; if to memory, it could come after the memory is gone.
 */
final class Wiring {
  private final IntFunction<InterruptLine> sources;
  private final MsiX.Messages messages;

  private Wiring(IntFunction<InterruptLine> sources, MsiX.Messages messages) {
    this.sources = sources;
    this.messages = messages;
  }

  /** Puts a PLIC on the bus. Nobody takes messages. */
  static Wiring plic(Bus bus, List<Hart> harts) {
    List<InterruptLine> contexts = new ArrayList<>();
    for (Hart hart : harts) {
      contexts.add(high -> hart.setInterrupt(Hart.MEI, high));
      contexts.add(high -> hart.setInterrupt(Hart.SEI, high));
    }
    Plic plic = new Plic(contexts);
    bus.map("plic", MemoryMap.PLIC, Plic.SIZE, plic);
    return new Wiring(plic::source, (_, _) -> {});
  }

  /**
   * Puts APLIC and IMSICs on the bus.
   *
   * @param delegate whether the supervisor's domain is given all wires: what firmware would do, if
   *     there were any
   */
  static Wiring aia(Bus bus, List<Hart> harts, boolean delegate) {
    List<IntConsumer> machine = files(harts, Hart.MEI);
    List<IntConsumer> supervisor = files(harts, Hart.SEI);
    Aplic aplic = new Aplic(machine, supervisor);
    if (delegate) {
      aplic.delegateAll();
    }
    bus.map("aplic-machine", MemoryMap.APLIC_MACHINE, Aplic.SIZE, aplic.machine());
    bus.map("aplic-supervisor", MemoryMap.APLIC_SUPERVISOR, Aplic.SIZE, aplic.supervisor());
    Imsic machinePages = new Imsic(machine);
    Imsic supervisorPages = new Imsic(supervisor);
    long size = Imsic.size(harts.size());
    bus.map("imsic-machine", MemoryMap.IMSIC_MACHINE, size, machinePages);
    bus.map("imsic-supervisor", MemoryMap.IMSIC_SUPERVISOR, size, supervisorPages);
    return new Wiring(
        aplic::source,
        (address, data) -> {
          long offset = address - MemoryMap.IMSIC_SUPERVISOR;
          if (offset >= 0 && offset < size) {
            supervisorPages.write(offset, 4, data);
          } else if (address >= MemoryMap.IMSIC_MACHINE
              && address - MemoryMap.IMSIC_MACHINE < size) {
            machinePages.write(address - MemoryMap.IMSIC_MACHINE, 4, data);
          }
        });
  }

  private static List<IntConsumer> files(List<Hart> harts, int level) {
    List<IntConsumer> files = new ArrayList<>();
    for (Hart hart : harts) {
      InterruptFile file = hart.interruptFile(level);
      files.add(file::signal);
    }
    return files;
  }

  /** The wire of a source. */
  InterruptLine source(int number) {
    return sources.apply(number);
  }

  /** Delivers a message of a device's, or loses it. Thread: any; does not block. */
  void message(long address, int data) {
    messages.store(address, data);
  }
}
