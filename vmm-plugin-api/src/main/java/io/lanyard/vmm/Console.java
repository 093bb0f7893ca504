package io.lanyard.vmm;

import java.nio.ByteBuffer;

/**
 * A guest's serial console: bytes both ways.
 *
 * <p>The VMM keeps the last 64 KiB or so of output, so that a listener that attaches late sees the
 * output before.
 *
 * <p>Thread: any.
 */
public interface Console {
  /**
   * Types into the console.
   *
   * @param bytes what to type; its position is moved past what was taken, which is less than all
   *     when the guest does not read
   */
  void write(ByteBuffer bytes);

  /**
   * Attaches a listener. It is given the kept output first, then everything new, in order and
   * without a gap.
   *
   * @param output where bytes go
   * @return closes the attachment; a second call does nothing
   */
  Attachment attach(Output output);

  /**
   * Tells the guest how large the terminal is that shows the console. A guest that is off is told
   * when it starts.
   *
   * @param columns from 1 to 65,535
   * @param rows from 1 to 65,535
   * @throws UnsupportedOperationException if the console's device has no size, as a serial port
   * @since 2.1
   */
  default void resize(int columns, int rows) {
    throw new UnsupportedOperationException("this console has no size");
  }

  /** Takes the console's output. */
  @FunctionalInterface
  interface Output {
    /**
     * Takes some output.
     *
     * @param bytes valid during the call; the callee must not block
     */
    void accept(ByteBuffer bytes);
  }

  /** An attached listener. */
  interface Attachment extends AutoCloseable {
    @Override
    void close();
  }
}
