package io.lanyard.machine.device;

import io.lanyard.machine.bus.Device;

/**
 * SiFive's test finisher: a word written to it ends the machine. Linux reaches it as a syscon to
 * power off and to reboot; test programs to report.
 */
public final class TestFinisher implements Device {
  /** Value that powers off, reporting success. */
  public static final int PASS = 0x5555;

  /** Value that powers off, reporting failure; the code is in the upper 16 bits. */
  public static final int FAIL = 0x3333;

  /** Value that resets. */
  public static final int RESET = 0x7777;

  /** Who ends the machine. */
  public interface Power {
    /**
     * The machine shall power off. Returns at once.
     *
     * @param code 0 for success
     */
    void off(int code);

    /** The machine shall reset. Returns at once. */
    void reset();
  }

  private final Power power;

  /**
   * Makes the device.
   *
   * @param power called on the writing hart's thread
   */
  public TestFinisher(Power power) {
    this.power = power;
  }

  @Override
  public long read(long offset, int size) {
    return 0;
  }

  @Override
  public void write(long offset, int size, long value) {
    if (offset != 0 || size < 2) {
      return;
    }
    switch ((int) value & 0xffff) {
      case PASS -> power.off(0);
      case FAIL -> power.off(Math.max(1, (int) (value >>> 16) & 0xffff));
      case RESET -> power.reset();
      default -> {
        // Not a command.
      }
    }
  }
}
