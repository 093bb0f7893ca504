package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.vswitch.ScarceAllocator;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.internal.PlatformDependent;
import org.junit.jupiter.api.Test;

class BurstTest {
  @Test
  void buffersAreMadeAllTogetherOrNotAtAll() {
    ScarceAllocator one = new ScarceAllocator(1);
    assertThatThrownBy(() -> new Burst(one)).hasMessage("no memory is left");
    assertThat(one.held()).isZero();
    for (int buffers = 0; buffers < DeviceBurst.FRAMES + 2; buffers++) {
      ScarceAllocator few = new ScarceAllocator(buffers);
      assertThatThrownBy(() -> new DeviceBurst(few)).hasMessage("no memory is left");
      assertThat(few.held()).isZero();
    }
    ScarceAllocator enough = new ScarceAllocator(DeviceBurst.FRAMES + 2);
    new DeviceBurst(enough).release();
    assertThat(enough.held()).isZero();
  }

  /** Copies of the kernel to another place take up to a tenth longer. */
  @Test
  @SuppressWarnings("restricted") // the burst tells the place of its own memory
  void framesAreReadToWhereCacheLinesBegin() {
    ByteBufAllocator allocator = new UnpooledByteBufAllocator(true);
    DeviceBurst burst = new DeviceBurst(allocator);
    for (int frame = 0; frame < DeviceBurst.FRAMES; frame++) {
      long vectors = burst.vectors();
      assertThat(PlatformDependent.getLong(vectors) % 64).isZero();
      assertThat(PlatformDependent.getLong(vectors + 16) % 64).isZero();
      assertThat(burst.take(60)).isTrue();
    }
    burst.release();
  }
}
