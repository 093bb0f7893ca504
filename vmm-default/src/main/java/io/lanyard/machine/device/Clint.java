package io.lanyard.machine.device;

import io.lanyard.machine.bus.Device;
import java.util.List;

/**
 * SiFive's core-local interruptor: for each hart a software interrupt and a timer comparator, and
 * the time they all compare with. For firmware in machine mode.
 */
public final class Clint implements Device {
  /** Size of the range. */
  public static final long SIZE = 0x1_0000;

  private static final long COMPARATORS = 0x4000;
  private static final long TIME = 0xbff8;

  /** The inputs of one hart that the device drives. */
  public interface Core {
    /**
     * Drives the machine software interrupt.
     *
     * @param high the level
     */
    void machineSoftware(boolean high);

    /**
     * Sets the comparator.
     *
     * @param ticks when the machine timer interrupt rises; unsigned
     */
    void machineTimer(long ticks);

    /**
     * The comparator.
     *
     * @return as last set
     */
    long machineTimer();
  }

  /** The time that all harts share. */
  public interface Time {
    /**
     * The time.
     *
     * @return ticks
     */
    long now();

    /**
     * Sets the time.
     *
     * @param ticks what it is now
     */
    void set(long ticks);
  }

  private final List<Core> cores;
  private final Time time;
  private final boolean[] software;

  /**
   * Makes the device.
   *
   * @param cores by hart number
   * @param time mtime
   */
  public Clint(List<? extends Core> cores, Time time) {
    this.cores = List.copyOf(cores);
    this.time = time;
    this.software = new boolean[cores.size()];
  }

  @Override
  public synchronized long read(long offset, int size) {
    if (size < 4) {
      return 0;
    }
    if (offset < COMPARATORS) {
      int core = (int) (offset / 4);
      return core < software.length && software[core] ? 1 : 0;
    }
    return register(offset) >>> (8 * (offset & 4));
  }

  private long register(long offset) {
    if (offset >= TIME) {
      return time.now();
    }
    int core = (int) ((offset - COMPARATORS) / 8);
    return core < cores.size() ? cores.get(core).machineTimer() : 0;
  }

  @Override
  public synchronized void write(long offset, int size, long value) {
    if (size < 4) {
      return;
    }
    if (offset < COMPARATORS) {
      int core = (int) (offset / 4);
      if (core < software.length) {
        software[core] = (value & 1) != 0;
        cores.get(core).machineSoftware(software[core]);
      }
      return;
    }
    long whole = value;
    if (size == 4) {
      long old = register(offset);
      whole =
          (offset & 4) == 0
              ? (old & ~0xffff_ffffL) | (value & 0xffff_ffffL)
              : (old & 0xffff_ffffL) | value << 32;
    }
    if (offset >= TIME) {
      time.set(whole);
      return;
    }
    int core = (int) ((offset - COMPARATORS) / 8);
    if (core < cores.size()) {
      cores.get(core).machineTimer(whole);
    }
  }
}
