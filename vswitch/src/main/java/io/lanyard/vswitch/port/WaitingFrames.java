package io.lanyard.vswitch.port;

import io.lanyard.vswitch.DropCause;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The frames that wait for a guest's buffers, in their order: copies, bounded in number and bytes.
 *
 * <p>Thread: the network's loop only.
 */
final class WaitingFrames {
  /** As many as a virtqueue usually has entries: a burst that the guest has no time for yet. */
  static final int MOST = 256;

  /** Of all queues of a port: sixteen of the largest frames, a millisecond of a fast guest. */
  static final int MOST_BYTES = 1 << 20;

  private final PortBuffers buffers;
  private final int mostBytes;
  private final @Nullable ByteBuf[] frames = new @Nullable ByteBuf[MOST];
  private int first;
  private int count;
  private int bytes;

  /**
   * Makes an empty queue.
   *
   * @param queues how many queues the port has, which share its memory
   */
  WaitingFrames(PortBuffers buffers, int queues) {
    this.buffers = buffers;
    this.mostBytes = Math.max(MOST_BYTES / queues, 2 * Burst.LARGEST);
  }

  int count() {
    return count;
  }

  /**
   * Copies a frame to the end.
   *
   * @return null, or why it was not taken: there is no room for it, or no memory
   */
  @Nullable DropCause add(ByteBuf frame) {
    int length = frame.readableBytes();
    if (count == MOST || bytes + length > mostBytes) {
      return DropCause.QUEUE_FULL;
    }
    ByteBuf copy = buffers.allocate(length);
    if (copy == null) {
      return DropCause.NO_BUFFERS;
    }
    copy.writeBytes(frame, frame.readerIndex(), length);
    frames[(first + count) % MOST] = copy;
    count++;
    bytes += length;
    return null;
  }

  /** Lends the first frame; null if none waits. */
  @Nullable ByteBuf first() {
    return frames[first];
  }

  /** Removes the first frame. */
  void remove() {
    ByteBuf frame = frames[first];
    if (frame != null) {
      frames[first] = null;
      first = (first + 1) % MOST;
      count--;
      bytes -= frame.readableBytes();
      buffers.free(frame);
    }
  }

  /** Removes all frames. Returns how many there were. */
  int clear() {
    int had = count;
    while (count > 0) {
      remove();
    }
    return had;
  }
}
