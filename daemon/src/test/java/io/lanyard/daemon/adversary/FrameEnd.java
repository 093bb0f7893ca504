package io.lanyard.daemon.adversary;

import io.netty.buffer.ByteBuf;
import java.io.EOFException;
import java.io.IOException;

/** The guest's end of a port, as its VMM has it. Thread: one writes, one reads, any stops. */
interface FrameEnd {
  /**
   * Sends frames. Waits while the port takes none.
   *
   * @param frames each behind its length, 4 bytes; all are consumed
   * @throws IOException if it cannot, or was stopped
   */
  void write(ByteBuf frames) throws IOException;

  /**
   * Waits for a frame.
   *
   * @return the frame, which is the caller's until the next call
   * @throws EOFException if this end was stopped
   * @throws IOException if it cannot
   */
  ByteBuf read() throws IOException;

  /** Ends what waits here, now and later. */
  void stop() throws IOException;

  /** Gives back what it holds, when nothing waits here any more. */
  void close() throws IOException;
}
