package io.lanyard.vswitch.capture;

import io.lanyard.vswitch.Passage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;

/**
 * The last frames of one port, in a ring of bytes: each is copied in as it passes, offload header
 * and all, and takes the place of the oldest. A super-frame lies there as one, and is cut when
 * somebody reads it.
 *
 * <pre>
 *   0 bytes of the entry   4 bytes of the frame, -1 where the ring's end is skipped   8 nanoseconds
 *  16 network offset  20 header length of a super-frame  24 segments  28 1 if it came in  32 frame
 * </pre>
 *
 * <p>Thread: the network's loop.
 */
final class LastFrames {
  /** Bytes of an entry before its frame. */
  static final int HEAD = 32;

  static final int FRAME_LENGTH = 4;
  static final int NANOS = 8;
  static final int NETWORK = 16;
  static final int HEADERS = 20;
  static final int SEGMENTS = 24;
  static final int RECEIVED = 28;

  /** The length of what is no frame: the rest of the ring behind its last entry. */
  static final int SKIPPED = -1;

  private static final int ALIGNMENT = 8;

  /**
   * Leak detection would note each frame; the ring has one owner. Memory counts once it is used.
   */
  private static final ByteBufAllocator ALLOCATOR = new UnpooledByteBufAllocator(true, true);

  private final int size;
  private final ByteBuf ring;
  private int oldest;
  private int next;
  private int used;
  private long overwritten;

  /**
   * Allocates a ring.
   *
   * @param size bytes, a multiple of 8 with room for the largest frame
   */
  LastFrames(int size) {
    this.size = size;
    this.ring = ALLOCATOR.directBuffer(size, size);
  }

  int size() {
    return size;
  }

  /** Frames that have made place for later ones. */
  long overwritten() {
    return overwritten;
  }

  /** Copies a frame in. Allocates nothing. */
  void add(Passage passage, boolean received, ByteBuf frame, long nanos) {
    int length = frame.readableBytes();
    int need = HEAD + (length + ALIGNMENT - 1 & -ALIGNMENT);
    int behind = size - next;
    if (behind < need) {
      free(behind);
      if (behind > 0) {
        ring.setInt(next, behind).setInt(next + FRAME_LENGTH, SKIPPED);
        used += behind;
      }
      next = 0;
    }
    free(need);
    ring.setInt(next, need)
        .setInt(next + FRAME_LENGTH, length)
        .setLong(next + NANOS, nanos)
        .setInt(next + NETWORK, passage.network())
        .setInt(next + HEADERS, passage.headerLength())
        .setInt(next + SEGMENTS, passage.segments())
        .setInt(next + RECEIVED, received ? 1 : 0);
    frame.getBytes(frame.readerIndex(), ring, next + HEAD, length);
    next += need;
    used += need;
    if (next == size) {
      next = 0;
    }
  }

  /** Gives the oldest entries up until so many bytes are free. */
  private void free(int need) {
    while (size - used < need) {
      int entry = ring.getInt(oldest);
      if (ring.getInt(oldest + FRAME_LENGTH) != SKIPPED) {
        overwritten++;
      }
      used -= entry;
      oldest += entry;
      if (oldest == size) {
        oldest = 0;
      }
    }
  }

  /**
   * Copies the entries out that are not older than a moment, oldest first.
   *
   * @return a buffer of its own, which the caller releases
   */
  ByteBuf since(long nanos) {
    int at = oldest;
    int left = used;
    while (left > 0
        && (ring.getInt(at + FRAME_LENGTH) == SKIPPED || ring.getLong(at + NANOS) - nanos < 0)) {
      int entry = ring.getInt(at);
      left -= entry;
      at += entry;
      if (at == size) {
        at = 0;
      }
    }
    ByteBuf out = ALLOCATOR.directBuffer(Math.max(1, left), Math.max(1, left));
    int first = Math.min(left, size - at);
    out.writeBytes(ring, at, first).writeBytes(ring, 0, left - first);
    return out;
  }

  void release() {
    ring.release();
  }
}
