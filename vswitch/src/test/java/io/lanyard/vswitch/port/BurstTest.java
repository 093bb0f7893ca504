package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.vswitch.ScarceAllocator;
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
}
