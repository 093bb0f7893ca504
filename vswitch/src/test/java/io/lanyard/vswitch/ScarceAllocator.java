package io.lanyard.vswitch;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;

/** An allocator that has a number of direct buffers and then none. */
public final class ScarceAllocator extends AbstractByteBufAllocator {
  private final List<ByteBuf> made = new ArrayList<>();
  private int left;

  /**
   * Makes one.
   *
   * @param buffers how many it has
   */
  public ScarceAllocator(int buffers) {
    super(true);
    left = buffers;
  }

  /**
   * Lets it make more buffers.
   *
   * @param more how many
   */
  public void grant(int more) {
    left += more;
  }

  /**
   * The buffers that somebody holds.
   *
   * @return how many
   */
  public long held() {
    return made.stream().filter(buffer -> buffer.refCnt() > 0).count();
  }

  @Override
  protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
    if (left == 0) {
      throw new IllegalStateException("no memory is left");
    }
    left--;
    ByteBuf buffer = UnpooledByteBufAllocator.DEFAULT.directBuffer(initialCapacity, maxCapacity);
    made.add(buffer);
    return buffer;
  }

  @Override
  protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
    return UnpooledByteBufAllocator.DEFAULT.heapBuffer(initialCapacity, maxCapacity);
  }

  @Override
  public boolean isDirectBufferPooled() {
    return false;
  }
}
