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
