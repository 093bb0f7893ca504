package io.lanyard.machine.device;

import io.lanyard.machine.bus.Device;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A generic PCI Express host bridge ({@code pci-host-ecam-generic}): configuration space by ECAM,
 * one bus, two memory windows, and four wires that the functions share.
 *
 * <p>Function n sits in device slot n; slot 0 is the bridge itself. INTA of slot n comes out on
 * wire n modulo 4, as the interrupt map in the device tree says.
 *
 * <p>Thread: {@link #add} before the harts run; the rest any.
 */
public final class PciHost {
  /** Slots on the bus. */
  public static final int SLOTS = 32;

  private record Decoded(long base, long size, Device device) {}

  private final List<PciFunction> functions = new ArrayList<>();
  private final InterruptLine[] wires;
  private final int[] asserted = new int[4];
  private volatile Decoded[] decoded = {};

  /**
   * Makes a bridge with an empty bus.
   *
   * @param wires INTA to INTD
   */
  public PciHost(List<InterruptLine> wires) {
    this.wires = wires.toArray(new InterruptLine[0]);
    add(new PciFunction("host-bridge", 0x1b36, 0x0008, 0x060000, 0));
  }

  /**
   * Attaches a function to the next slot.
   *
   * @param function the function
   * @return its slot
   */
  public int add(PciFunction function) {
    int slot = functions.size();
    if (slot == SLOTS) {
      throw new IllegalStateException("no PCI slot left for " + function.name());
    }
    functions.add(function);
    function.attach(high -> wire(slot, high), this::remap);
    return slot;
  }

  private void wire(int slot, boolean high) {
    synchronized (wires) {
      int pin = slot & 3;
      int next = high ? asserted[pin] | 1 << slot : asserted[pin] & ~(1 << slot);
      if (next != asserted[pin]) {
        asserted[pin] = next;
        wires[pin].set(next != 0);
      }
    }
  }

  private synchronized void remap() {
    List<Decoded> all = new ArrayList<>();
    for (PciFunction function : functions) {
      for (int bar = 0; bar < 6; bar++) {
        Device device = function.barDevice(bar);
        long base = function.barAddress(bar);
        if (device != null && base > 0) {
          all.add(new Decoded(base, function.barSize(bar), device));
        }
      }
    }
    decoded = all.toArray(new Decoded[0]);
  }

  private @Nullable Decoded find(long address, int size) {
    for (Decoded d : decoded) {
      long offset = address - d.base;
      if (offset >= 0 && offset <= d.size - size) {
        return d;
      }
    }
    return null;
  }

  /**
   * The configuration space.
   *
   * @return a device of {@link MemoryMap#PCI_ECAM_SIZE} bytes
   */
  public Device ecam() {
    return new Device() {
      @Override
      public long read(long offset, int size) {
        PciFunction function = at(offset);
        return function == null || size > 4 ? -1 : function.read((int) offset & 0xfff, size);
      }

      @Override
      public void write(long offset, int size, long value) {
        PciFunction function = at(offset);
        if (function != null && size <= 4) {
          function.write((int) offset & 0xfff, size, value);
        }
      }
    };
  }

  /** Bus in bits 20-27, device in 15-19, function in 12-14. */
  private @Nullable PciFunction at(long offset) {
    int slot = (int) (offset >>> 15);
    return (offset & 0x7000) != 0 || slot >= functions.size() ? null : functions.get(slot);
  }

  /**
   * A memory window, in which BARs are decoded. Bus and host addresses are the same.
   *
   * @param base where the window is
   * @return a device; reads that no BAR answers give all ones
   */
  public Device window(long base) {
    return new Device() {
      @Override
      public long read(long offset, int size) {
        Decoded d = find(base + offset, size);
        return d == null ? -1 : d.device.read(base + offset - d.base, size);
      }

      @Override
      public void write(long offset, int size, long value) {
        Decoded d = find(base + offset, size);
        if (d != null) {
          d.device.write(base + offset - d.base, size, value);
        }
      }
    };
  }
}
