package io.lanyard.machine.device;

import io.lanyard.machine.bus.Device;
import org.jspecify.annotations.Nullable;

/**
 * One PCI function: its configuration space (PCI Local Bus 3.0 chapter 6), base address registers
 * and capabilities.
 *
 * <p>Configuration space is bytes with a mask of what may be written. A device that needs to know
 * of accesses to its capabilities gives a {@link Watch}.
 *
 * <p>Thread: set up by one thread, then any; the monitor is this object.
 */
public final class PciFunction {
  /** Bytes of configuration space; the extended space reads as 0. */
  public static final int CONFIG_SIZE = 256;

  private static final int COMMAND = 0x04;
  private static final int STATUS = 0x06;
  private static final int BARS = 0x10;
  private static final int CAPABILITIES = 0x34;
  private static final int INTERRUPT_PIN = 0x3d;
  private static final int COMMAND_MEMORY = 0x02;
  private static final int COMMAND_MASTER = 0x04;
  private static final int COMMAND_INTX_OFF = 0x400;
  private static final int STATUS_INTERRUPT = 0x08;
  private static final int STATUS_CAPABILITIES = 0x10;

  /** Is told of accesses to configuration space, without the function's monitor. */
  public interface Watch {
    /** Before a read: may refresh the bytes through {@link PciFunction#poke}. */
    void beforeRead(int offset, int size);

    /** After a write has been applied under the mask. */
    void afterWrite(int offset, int size);
  }

  private record Bar(long size, boolean wide, Device device) {}

  private final byte[] config = new byte[CONFIG_SIZE];
  private final byte[] writable = new byte[CONFIG_SIZE];
  private final @Nullable Bar[] bars = new @Nullable Bar[6];
  private final String name;
  private int nextCapability = 0x40;
  private int lastCapability = CAPABILITIES;
  private boolean interrupt;
  private InterruptLine line = high -> {};
  private Runnable remap = () -> {};
  private @Nullable Watch watch;

  /**
   * Makes a function without BARs.
   *
   * @param name for messages
   * @param vendor vendor id
   * @param device device id
   * @param classCode 24 bits: class, subclass, interface
   * @param revision revision id
   */
  public PciFunction(String name, int vendor, int device, int classCode, int revision) {
    this.name = name;
    poke(0x00, 2, vendor);
    poke(0x02, 2, device);
    poke(0x08, 4, (long) classCode << 8 | revision);
    mask(COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER | COMMAND_INTX_OFF);
    mask(0x0c, 1, 0xff); // cache line size
    mask(0x3c, 1, 0xff); // interrupt line: for software only
  }

  /**
   * The name.
   *
   * @return for messages
   */
  public String name() {
    return name;
  }

  /** Names the subsystem. */
  public void subsystem(int vendor, int device) {
    poke(0x2c, 2, vendor);
    poke(0x2e, 2, device);
  }

  /** Declares that the function raises INTA. */
  public void interruptPin() {
    poke(INTERRUPT_PIN, 1, 1);
  }

  /** Installs the watch. */
  public void watch(Watch watch) {
    this.watch = watch;
  }

  /** Attaches the function to its slot. {@link PciHost} calls this once. */
  synchronized void attach(InterruptLine line, Runnable remap) {
    this.line = line;
    this.remap = remap;
  }

  /**
   * Adds a memory BAR.
   *
   * @param index 0 to 5
   * @param size a power of two, at least 16
   * @param wide 64 bits and prefetchable; takes the next index too
   * @param device who answers
   */
  public void bar(int index, long size, boolean wide, Device device) {
    bars[index] = new Bar(size, wide, device);
    int at = BARS + 4 * index;
    poke(at, 4, wide ? 0xc : 0);
    mask(at, 4, ~(size - 1) & 0xffff_fff0L);
    if (wide) {
      mask(at + 4, 4, ~(size - 1) >>> 32);
    }
  }

  /**
   * Adds a capability.
   *
   * @param id capability id
   * @param length bytes, its two header bytes included
   * @return where it begins
   */
  public int capability(int id, int length) {
    int at = nextCapability;
    if (at + length > CONFIG_SIZE) {
      throw new IllegalStateException(name + ": no room for capability " + id);
    }
    poke(lastCapability, 1, at);
    poke(at, 1, id);
    poke(STATUS, 2, peek(STATUS, 2) | STATUS_CAPABILITIES);
    lastCapability = at + 1;
    nextCapability = (at + length + 3) & ~3;
    return at;
  }

  /** Sets bytes of configuration space, whatever the mask. */
  public synchronized void poke(int offset, int size, long value) {
    for (int i = 0; i < size; i++) {
      config[offset + i] = (byte) (value >>> (8 * i));
    }
  }

  /** Sets bytes of configuration space. */
  public synchronized long peek(int offset, int size) {
    long value = 0;
    for (int i = size - 1; i >= 0; i--) {
      value = value << 8 | (config[offset + i] & 0xff);
    }
    return value;
  }

  /** Sets the bits that software may write. */
  public void mask(int offset, int size, long bits) {
    for (int i = 0; i < size; i++) {
      writable[offset + i] = (byte) (bits >>> (8 * i));
    }
  }

  /** Drives INTA. Thread: any. */
  public synchronized void interrupt(boolean high) {
    interrupt = high;
    long status = peek(STATUS, 2) & ~STATUS_INTERRUPT;
    poke(STATUS, 2, high ? status | STATUS_INTERRUPT : status);
    drive();
  }

  private void drive() {
    line.set(interrupt && (peek(COMMAND, 2) & COMMAND_INTX_OFF) == 0);
  }

  /** Whether the guest lets the function reach memory: bus mastering. */
  public synchronized boolean master() {
    return (peek(COMMAND, 2) & COMMAND_MASTER) != 0;
  }

  long read(int offset, int size) {
    if (offset + size > CONFIG_SIZE) {
      return 0;
    }
    if (watch != null) {
      watch.beforeRead(offset, size);
    }
    return peek(offset, size);
  }

  void write(int offset, int size, long value) {
    if (offset + size > CONFIG_SIZE) {
      return;
    }
    boolean moved;
    synchronized (this) {
      for (int i = 0; i < size; i++) {
        int may = writable[offset + i] & 0xff;
        config[offset + i] =
            (byte) ((config[offset + i] & ~may) | ((int) (value >>> (8 * i)) & may));
      }
      drive();
      moved = offset < BARS + 24 && offset + size > COMMAND;
    }
    if (watch != null) {
      watch.afterWrite(offset, size);
    }
    if (moved) {
      remap.run();
    }
  }

  /** The address of a BAR now, or -1 if it is not there or not decoded. */
  synchronized long barAddress(int index) {
    Bar bar = bars[index];
    if (bar == null || (peek(COMMAND, 2) & COMMAND_MEMORY) == 0) {
      return -1;
    }
    int at = BARS + 4 * index;
    long low = peek(at, 4) & 0xffff_fff0L;
    return bar.wide ? low | peek(at + 4, 4) << 32 : low;
  }

  long barSize(int index) {
    Bar bar = bars[index];
    return bar == null ? 0 : bar.size;
  }

  /**
   * Sets the device that answers for a BAR.
   *
   * @param index 0 to 5
   * @return the device, or null if there is no such BAR
   */
  public @Nullable Device barDevice(int index) {
    Bar bar = index < 0 || index >= bars.length ? null : bars[index];
    return bar == null ? null : bar.device;
  }
}
