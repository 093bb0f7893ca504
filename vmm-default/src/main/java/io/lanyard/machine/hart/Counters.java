package io.lanyard.machine.hart;

/**
 * {@code mcycle}, {@code minstret} and {@code mcountinhibit}: privileged spec, "Hardware
 * Performance Monitor". A cycle is an instruction. The other counters read as 0.
 *
 * <p>Thread: the hart's own.
 */
final class Counters {
  private static final int CYCLE = 0;
  private static final int INSTRET = 2;
  private static final int COUNTERS = 3;
  private static final long INHIBITABLE = 1 << CYCLE | 1 << INSTRET;

  private final Core core;

  /** The offset to the instructions retired; of a counter that stands still, its value. */
  private final long[] offset = new long[COUNTERS];

  private long inhibited;

  Counters(Core core) {
    this.core = core;
  }

  void reset() {
    java.util.Arrays.fill(offset, 0);
    inhibited = 0;
  }

  /** A counter's value; the instruction that reads is counted. */
  long read(int counter) {
    return exists(counter) ? offset[counter] + running(counter) : 0;
  }

  /** Sets a counter. The instruction that writes is not counted: the next one reads the value. */
  void write(int counter, long value) {
    if (exists(counter)) {
      long now = running(counter);
      offset[counter] = stands(counter) ? value : value - now - 1;
    }
  }

  /** Reads {@code mcountinhibit}. */
  long inhibited() {
    return inhibited;
  }

  /** Writes {@code mcountinhibit}: which counters stand still from now on. */
  void inhibit(long value) {
    for (int counter = 0; counter < COUNTERS; counter++) {
      offset[counter] += running(counter);
    }
    inhibited = value & INHIBITABLE;
    for (int counter = 0; counter < COUNTERS; counter++) {
      offset[counter] -= running(counter);
    }
  }

  private static boolean exists(int counter) {
    return counter == CYCLE || counter == INSTRET;
  }

  private boolean stands(int counter) {
    return (inhibited >>> counter & 1) != 0;
  }

  private long running(int counter) {
    return stands(counter) ? 0 : core.instret();
  }
}
