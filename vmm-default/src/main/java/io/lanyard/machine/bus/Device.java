package io.lanyard.machine.bus;

/**
 * A range of physical addresses with a read and a write.
 *
 * <p>Thread: called on the thread of whichever hart does the access, several at once if the machine
 * has several harts. Must not block for long and must not throw; an exception is logged and becomes
 * the guest's access fault.
 */
public interface Device {
  /**
   * Reads from the device.
   *
   * @param offset bytes from the start of the range; {@code offset + size} is inside the range
   * @param size 1, 2, 4 or 8 bytes; the access is naturally aligned
   * @return the value, in the low {@code size} bytes; the rest is ignored
   */
  long read(long offset, int size);

  /**
   * Writes to the device.
   *
   * @param offset bytes from the start of the range; {@code offset + size} is inside the range
   * @param size 1, 2, 4 or 8 bytes; the access is naturally aligned
   * @param value the value, in the low {@code size} bytes, zero-extended
   */
  void write(long offset, int size, long value);

  /**
   * Whether this is memory, such as ROM or flash: it may be executed, and reading has no side
   * effect.
   *
   * @return false unless overridden
   */
  default boolean isMemory() {
    return false;
  }
}
