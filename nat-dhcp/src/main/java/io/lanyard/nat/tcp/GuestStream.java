package io.lanyard.nat.tcp;

import io.netty.buffer.ByteBuf;

/**
 * The guest's end of a spliced connection, as the host's side sees it.
 *
 * <p>Thread: the network's loop only. No method throws.
 */
public interface GuestStream {
  /**
   * Bytes free before the data of a buffer made for {@link #data}, so that it need not be copied.
   */
  int HEADROOM = SegmentWriter.HEADROOM;

  /** The host's side is there: the guest's SYN may be answered. */
  void connected();

  /**
   * The host's side cannot be reached.
   *
   * @param cause what the guest is to be told
   */
  void failed(ConnectFailure cause);

  /**
   * Sends bytes to the guest.
   *
   * @param data between reader and writer index; released by the connection in time. With at least
   *     {@link #HEADROOM} bytes before the reader index it is sent from where it lies
   */
  void data(ByteBuf data);

  /** Ends a burst of {@link #data}: what was sent leaves the switch now. */
  void flush();

  /**
   * How many bytes the connection is willing to take now.
   *
   * @return bytes; 0 or less: stop
   */
  int room();

  /**
   * The largest useful amount of {@link #data} in one buffer: whole segments, up to 64 KiB.
   *
   * @return bytes
   */
  int burst();

  /** Bytes that were waiting have left: the guest's window may open. */
  void drained();

  /** The host's side sends no more. */
  void end();

  /** The host's side has reset the connection, or broke down. */
  void reset();
}
