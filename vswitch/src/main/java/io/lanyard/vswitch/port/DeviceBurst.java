package io.lanyard.vswitch.port;

import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.Turn;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Arrays;

/**
 * The frames of one burst from a device that gives one per system call. All that wait are read
 * before the first is switched: the kernel's ways in and out each stay in the processor's caches
 * for the length of a burst, which carries a tenth more wire frames than turn by turn.
 *
 * <p>A wire frame has a small buffer of its own. What does not fit goes on in a large one behind
 * it, so that a frame of any size can be read without knowing its size; a large frame is switched
 * at once, after those before it.
 *
 * <p>A buffer that somebody keeps is replaced when it is needed again: if there is no memory for
 * another then, nothing has been read that would be lost, and no frame that is still held is
 * written over.
 *
 * <p>Thread: the network's loop only.
 */
final class DeviceBurst {
  /** Frames that are read before the first is switched; 64 carry a tenth more than 32. */
  static final int FRAMES = 64;

  /** Room for a wire frame of the usual MTU, and its header. */
  private static final int SMALL = 2048;

  /** A cache line: the kernel copies faster to where one begins. */
  private static final int LINE = 64;

  /** Before each frame, for a device that puts a tag in, and to begin where a cache line does. */
  private static final int HEADROOM = FrameDevice.HEADROOM + LINE - 1;

  /** {@code struct iovec} (readv(2)) of the 64-bit ABIs: address and length. */
  private static final int VECTOR = 16;

  /** How many of them a frame is read into. */
  static final int VECTORS = 2;

  private final ByteBufAllocator allocator;
  private final ByteBuf[] frames;
  private final ByteBuf vectors;
  private ByteBuf large;
  private int count;

  /** Frames of those that were handed over already. */
  private int given;

  DeviceBurst(ByteBufAllocator allocator) {
    this.allocator = allocator;
    int[] sizes = new int[FRAMES + 2];
    Arrays.fill(sizes, HEADROOM + SMALL);
    sizes[FRAMES] = HEADROOM + Burst.LARGEST;
    sizes[FRAMES + 1] = VECTORS * VECTOR;
    ByteBuf[] all = Burst.allocate(allocator, sizes);
    frames = Arrays.copyOf(all, FRAMES);
    large = all[FRAMES];
    vectors = all[FRAMES + 1];
  }

  /** Whether there is room for another frame before {@link #deliver}. */
  boolean hasRoom() {
    return count < frames.length;
  }

  /** Whether frames are left that {@link #deliver} had no time for: none is to be read before. */
  boolean hasMore() {
    return given < count;
  }

  private ByteBuf small() {
    if (frames[count].refCnt() > 1) {
      ByteBuf fresh = allocator.directBuffer(HEADROOM + SMALL, HEADROOM + SMALL);
      frames[count].release();
      frames[count] = fresh;
    }
    return frames[count];
  }

  private ByteBuf large() {
    if (large.refCnt() > 1) {
      int size = HEADROOM + Burst.LARGEST;
      ByteBuf fresh = allocator.directBuffer(size, size);
      large.release();
      large = fresh;
    }
    return large;
  }

  /** Where the next frame is to be read to: {@link #VECTORS} vectors in native memory. */
  long vectors() {
    ByteBuf small = small();
    ByteBuf large = large();
    vectors.setLongLE(0, small.memoryAddress() + start(small));
    vectors.setLongLE(8, SMALL);
    vectors.setLongLE(VECTOR, large.memoryAddress() + start(large) + SMALL);
    vectors.setLongLE(VECTOR + 8, Burst.LARGEST - SMALL);
    return vectors.memoryAddress();
  }

  /** The first index behind the headroom where a cache line begins. */
  private static int start(ByteBuf buffer) {
    int least = FrameDevice.HEADROOM;
    return least + (int) (-(buffer.memoryAddress() + least) & (LINE - 1));
  }

  /**
   * Takes the frame that was read there: header and frame of {@code length} bytes together, of
   * which {@code lead} are in front of the first place. Hands a large one over, and what came
   * before it.
   *
   * @return whether it was a large one
   */
  boolean take(Switch network, Port from, int length, int lead) {
    ByteBuf small = frames[count];
    int begin = start(small) - lead;
    if (length - lead <= SMALL) {
      small.setIndex(begin, begin + length);
      count++;
      return false;
    }
    int start = start(large) - lead;
    large.setBytes(start, small, begin, lead + SMALL);
    deliverLarge(network, from, start, length);
    return true;
  }

  /** Makes room for a frame of known length: the buffer that the frame begins in, at index 0. */
  ByteBuf room(int length) {
    return length <= SMALL ? small() : large();
  }

  /**
   * Takes the frame that was put into its {@link #room}.
   *
   * @return false for a large one, which {@link #deliverLarge} has to hand over before the next
   */
  boolean take(int length) {
    if (length > SMALL) {
      return false;
    }
    frames[count].setIndex(0, length);
    count++;
    return true;
  }

  /** Forgets the frames that were taken and not handed over. Tells how many. */
  int discard() {
    int forgotten = count - given;
    count = 0;
    given = 0;
    return forgotten;
  }

  /** Hands over the large frame that was put into its room, and the small ones before it. */
  void deliverLarge(Switch network, Port from, int length) {
    deliverLarge(network, from, 0, length);
  }

  private void deliverLarge(Switch network, Port from, int start, int length) {
    while (hasMore()) {
      give(network, from); // whatever it takes: the large one is behind them
    }
    count = 0;
    given = 0;
    network.receive(from, large.setIndex(start, start + length));
  }

  /**
   * Hands over the small frames that were taken, until none is left or the turn is over.
   *
   * @return whether none is left
   */
  boolean deliver(Switch network, Port from, Turn turn) {
    while (hasMore()) {
      give(network, from);
      if (given % Turn.FRAMES == 0 && hasMore() && turn.isOver()) {
        return false;
      }
    }
    count = 0;
    given = 0;
    return true;
  }

  private void give(Switch network, Port from) {
    network.receive(from, frames[given++]);
  }

  void release() {
    for (ByteBuf frame : frames) {
      frame.release();
    }
    large.release();
    vectors.release();
  }
}
