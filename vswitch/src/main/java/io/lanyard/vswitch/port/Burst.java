package io.lanyard.vswitch.port;

import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * The buffers that a port reads into, and the hand-over to the switch.
 *
 * <p>A frame is read into a buffer that holds the largest; a small one is then copied into a buffer
 * of its size, so that an engine which retains it does not hold 64 KiB for a hundred bytes.
 *
 * <p>Thread: the network's loop only.
 */
final class Burst {
  /** Frames a port handles before it lets others run. */
  static final int FRAMES = 32;

  /** Room for the largest frame that any port reads, and its header. */
  static final int LARGEST =
      OffloadHeader.LENGTH + Math.max(Offloads.LARGEST_SUPER_FRAME, StreamFramer.LARGEST);

  /** Up to this a frame is copied: a wire frame of the usual MTU. */
  private static final int SMALL = 2048;

  private final ByteBufAllocator allocator;
  private ByteBuf large;
  private ByteBuf small;

  Burst(ByteBufAllocator allocator) {
    this.allocator = allocator;
    this.large = allocator.directBuffer(LARGEST, LARGEST);
    this.small = allocator.directBuffer(SMALL, SMALL);
  }

  /** Where the next frame is to be read to: {@link #LARGEST} bytes of native memory. */
  long address() {
    return large.memoryAddress();
  }

  /** Hands over what was read: header and frame of {@code length} bytes together. */
  void deliver(Switch network, Port from, int length) {
    if (length <= SMALL) {
      small.setBytes(0, large, 0, length);
      deliverSmall(network, from, length);
    } else {
      deliverLarge(network, from, length);
    }
  }

  /** Hands over a frame without header that lies in another buffer. */
  void deliver(Switch network, Port from, ByteBuf in, int index, int length) {
    int whole = OffloadHeader.LENGTH + length;
    ByteBuf into = whole <= SMALL ? small : large;
    OffloadHeader.clear(into, 0);
    into.setBytes(OffloadHeader.LENGTH, in, index, length);
    if (whole <= SMALL) {
      deliverSmall(network, from, whole);
    } else {
      deliverLarge(network, from, whole);
    }
  }

  private void deliverSmall(Switch network, Port from, int length) {
    small.setIndex(0, length);
    network.receive(from, small);
    if (small.refCnt() > 1) { // its holder keeps it
      small.release();
      small = allocator.directBuffer(SMALL, SMALL);
    }
  }

  private void deliverLarge(Switch network, Port from, int length) {
    large.setIndex(0, length);
    network.receive(from, large);
    if (large.refCnt() > 1) {
      large.release();
      large = allocator.directBuffer(LARGEST, LARGEST);
    }
  }

  void release() {
    large.release();
    small.release();
  }
}
