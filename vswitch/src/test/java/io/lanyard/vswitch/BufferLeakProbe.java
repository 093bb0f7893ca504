package io.lanyard.vswitch;

import io.lanyard.testing.LeakProbe;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;

/** Netty's detector reports a leaked buffer when one is allocated after it was collected. */
public final class BufferLeakProbe implements LeakProbe {
  /** Made by the service loader. */
  public BufferLeakProbe() {}

  @Override
  public void provoke() {
    for (int i = 0; i < 200; i++) {
      PooledByteBufAllocator.DEFAULT.buffer(16).release();
      UnpooledByteBufAllocator.DEFAULT.buffer(16).release();
    }
  }
}
