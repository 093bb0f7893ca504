package io.lanyard.machine.device;

import io.lanyard.machine.bus.Device;

/**
 * A function's MSI-X capability, its vector table and its pending bits (PCI Local Bus 3.0 section
 * 6.8.2).
 *
 * <p>A message is a store of a word to an address that the guest chose. What answers there is an
 * {@link Imsic}. A machine whose only interrupt controller is a PLIC has none, says so in its
 * device tree by naming no MSI parent, and its guest uses INTA.
 */
public final class MsiX implements Device {
  /** Sends a message. */
  @FunctionalInterface
  public interface Messages {
    /**
     * Stores a word where harts take messages; one to anywhere else is lost. Called with locks of
     * the device held, so it must take none but its own.
     *
     * @param address where
     * @param data what
     */
    void store(long address, int data);
  }

  /** No vector: nothing is sent. */
  public static final int NO_VECTOR = 0xffff;

  /** Size of the BAR that holds table and pending bits. */
  public static final long BAR_SIZE = 0x1000;

  private static final int CAPABILITY = 0x11;
  private static final int PENDING_OFFSET = 0x800;
  private static final int ENABLE = 0x8000;
  private static final int FUNCTION_MASK = 0x4000;

  private final PciFunction function;
  private final Messages messages;
  private final int vectors;
  private final int at;
  private final int[] table;
  private long pending;

  /**
   * Adds the capability to a function.
   *
   * @param function whose
   * @param bar index of the BAR for the table
   * @param vectors 1 to 64
   * @param messages where messages go
   */
  public MsiX(PciFunction function, int bar, int vectors, Messages messages) {
    this.function = function;
    this.messages = messages;
    this.vectors = vectors;
    this.table = new int[4 * vectors];
    for (int v = 0; v < vectors; v++) {
      table[4 * v + 3] = 1;
    }
    at = function.capability(CAPABILITY, 12);
    function.poke(at + 2, 2, vectors - 1);
    function.poke(at + 4, 4, bar);
    function.poke(at + 8, 4, PENDING_OFFSET | bar);
    function.mask(at + 2, 2, ENABLE | FUNCTION_MASK);
    function.bar(bar, BAR_SIZE, false, this);
  }

  /**
   * Whether the guest uses MSI-X: then INTA is silent.
   *
   * @return the enable bit
   */
  public boolean enabled() {
    return (function.peek(at + 2, 2) & ENABLE) != 0;
  }

  /**
   * The number of vectors.
   *
   * @return as made
   */
  public int vectors() {
    return vectors;
  }

  /**
   * Sends a vector's message, or notes it while the vector is masked.
   *
   * @param vector which; one that does not exist does nothing
   */
  public void fire(int vector) {
    long address;
    int data;
    synchronized (this) {
      if (vector >= vectors) {
        return;
      }
      if (masked(vector)) {
        pending |= 1L << vector;
        return;
      }
      address = (long) table[4 * vector + 1] << 32 | (table[4 * vector] & 0xffff_fffcL);
      data = table[4 * vector + 2];
    }
    messages.store(address, data);
  }

  private boolean masked(int vector) {
    return (table[4 * vector + 3] & 1) != 0 || (function.peek(at + 2, 2) & FUNCTION_MASK) != 0;
  }

  /** Sends what waited for a mask to be lifted; called after a write to the capability too. */
  public void unmasked() {
    if (!enabled()) {
      return;
    }
    for (int v = 0; v < vectors; v++) {
      boolean fire;
      synchronized (this) {
        fire = (pending & 1L << v) != 0 && !masked(v);
        if (fire) {
          pending &= ~(1L << v);
        }
      }
      if (fire) {
        fire(v);
      }
    }
  }

  @Override
  public synchronized long read(long offset, int size) {
    long aligned = offset & -4;
    return size == 8
        ? (word(aligned) & 0xffff_ffffL) | ((long) word(aligned + 4) << 32)
        : (word(aligned) & 0xffff_ffffL) >>> (8 * (offset - aligned));
  }

  private int word(long offset) {
    if (offset >= PENDING_OFFSET) {
      return offset < PENDING_OFFSET + 8 ? (int) (pending >>> (8 * (offset - PENDING_OFFSET))) : 0;
    }
    int index = (int) (offset / 4);
    return index < table.length ? table[index] : 0;
  }

  @Override
  public void write(long offset, int size, long value) {
    synchronized (this) {
      if (size < 4 || offset >= PENDING_OFFSET) {
        return;
      }
      int index = (int) (offset / 4);
      if (index < table.length) {
        table[index] = (int) value;
      }
      if (size == 8 && index + 1 < table.length) {
        table[index + 1] = (int) (value >>> 32);
      }
    }
    unmasked();
  }
}
