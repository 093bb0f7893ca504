package io.lanyard.vswitch.port;

import io.netty.buffer.ByteBuf;

/**
 * How frames lie in a byte stream: each behind a prefix that says its length.
 *
 * <p>A port is a framing times where its stream comes from ({@link StreamAddress}).
 *
 * <p>Thread: any; a framing has no state.
 */
public interface Framing {
  /** QEMU's: a 32-bit big-endian length (net/stream_data.c). */
  Framing QEMU = new QemuFraming();

  /**
   * The length of the prefix.
   *
   * @return bytes
   */
  int prefixLength();

  /**
   * The largest length that a prefix may say. Nothing behind a larger one can be trusted, and the
   * connection ends.
   *
   * @return bytes of frame
   */
  int largest();

  /**
   * Reads the length from a prefix.
   *
   * @param in the stream
   * @param at index of the prefix, which is there as a whole
   * @return bytes of frame, as the prefix says
   */
  long length(ByteBuf in, int at);

  /**
   * Writes a prefix.
   *
   * @param into the stream
   * @param length bytes of frame
   */
  void write(ByteBuf into, int length);
}
