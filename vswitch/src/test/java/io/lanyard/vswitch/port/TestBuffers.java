package io.lanyard.vswitch.port;

import io.lanyard.base.MemoryBudget;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;

/** Buffers of ports for tests. */
final class TestBuffers {
  private TestBuffers() {}

  static PortBuffers ample() {
    return of(MemoryBudget.ample(), PooledByteBufAllocator.DEFAULT);
  }

  /** Those of a port of a network that is alone. */
  static PortBuffers of(MemoryBudget budget, ByteBufAllocator allocator) {
    return new PortBuffers(budget.share("test").holder("port"), allocator);
  }
}
