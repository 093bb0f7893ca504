package io.lanyard.vswitch.port;

import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.internal.OutOfDirectMemoryError;

/**
 * The buffers that a stream's frames are copied into, and the hand-over to the switch.
 *
 * <p>A small frame has a buffer of its size, so that an engine which retains it does not hold 64
 * KiB for a hundred bytes.
 *
 * <p>Thread: the network's loop only.
 */
final class Burst {
  /** Room for the largest frame of all, and its header. */
  static final int LARGEST = OffloadHeader.LENGTH + Ethernet.LARGEST_FRAME;

  /** Up to this a frame is copied: a wire frame of the usual MTU. */
  private static final int SMALL = 2048;

  private final ByteBufAllocator allocator;
  private ByteBuf large;
  private ByteBuf small;

  Burst(ByteBufAllocator allocator) {
    this.allocator = allocator;
    ByteBuf[] both = allocate(allocator, LARGEST, SMALL);
    this.large = both[0];
    this.small = both[1];
  }

  /** Makes direct buffers of fixed sizes: all of them, or none where there is no memory for one. */
  static ByteBuf[] allocate(ByteBufAllocator allocator, int... sizes) {
    ByteBuf[] all = new ByteBuf[sizes.length];
    int made = 0;
    try {
      for (; made < sizes.length; made++) {
        all[made] = allocator.directBuffer(sizes[made], sizes[made]);
      }
      return all;
    } finally {
      if (made < sizes.length) {
        for (int i = 0; i < made; i++) {
          all[i].release();
        }
      }
    }
  }

  /**
   * The buffer for a large frame, a fresh one if somebody keeps the last. Not renewed before it is
   * needed: if there is no memory for it then, one frame is lost, and none that is still held is
   * written over.
   */
  private ByteBuf large() {
    if (large.refCnt() > 1) {
      ByteBuf fresh = allocator.directBuffer(LARGEST, LARGEST);
      large.release();
      large = fresh;
    }
    return large;
  }

  private ByteBuf small() {
    if (small.refCnt() > 1) {
      ByteBuf fresh = allocator.directBuffer(SMALL, SMALL);
      small.release();
      small = fresh;
    }
    return small;
  }

  /** Hands over a frame without header that lies in another buffer. */
  void deliver(Switch network, Port from, ByteBuf in, int index, int length) {
    int whole = OffloadHeader.LENGTH + length;
    if (whole > LARGEST) {
      from.counters().receiveDropped(DropCause.BAD_LENGTH); // larger than any port's MTU
      return;
    }
    ByteBuf into;
    try {
      into = whole <= SMALL ? small() : large();
    } catch (OutOfDirectMemoryError e) {
      from.counters().receiveDropped(DropCause.NO_BUFFERS);
      return;
    }
    OffloadHeader.clear(into, 0);
    into.setBytes(OffloadHeader.LENGTH, in, index, length);
    network.receive(from, into.setIndex(0, whole));
  }

  void release() {
    large.release();
    small.release();
  }
}
