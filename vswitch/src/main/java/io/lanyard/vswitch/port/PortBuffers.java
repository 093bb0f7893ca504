package io.lanyard.vswitch.port;

import io.lanyard.base.MemoryBudget;
import io.lanyard.vswitch.Switch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.internal.OutOfDirectMemoryError;
import org.jspecify.annotations.Nullable;

/**
 * The direct buffers of a port's rings and queues, within the port's part of the memory that all
 * ports may hold ({@link MemoryBudget}).
 *
 * <p>A buffer that there is no memory for is null, and its frame a drop: no error of the allocator
 * passes the thread of a guest or a loop.
 *
 * <p>Thread: any.
 */
public final class PortBuffers {
  private final MemoryBudget.Holder memory;
  private final ByteBufAllocator allocator;

  /**
   * Makes the buffers of a port.
   *
   * @param memory the port's part, closed with these
   * @param allocator direct and pooled
   */
  PortBuffers(MemoryBudget.Holder memory, ByteBufAllocator allocator) {
    this.memory = memory;
    this.allocator = allocator;
  }

  /**
   * Makes the buffers of a port of a network.
   *
   * @param network lends the port its part
   * @param port the port's name
   * @param allocator direct and pooled
   * @return an object without buffers, to be closed with the port
   */
  public static PortBuffers of(Switch network, String port, ByteBufAllocator allocator) {
    return new PortBuffers(network.memory().holder(port), allocator);
  }

  /**
   * Allocates a buffer.
   *
   * @param capacity its bytes, which it does not grow beyond
   * @return the caller's, to be ended by {@link #free} or {@link #passed}; null if there is no
   *     memory for it
   */
  public @Nullable ByteBuf allocate(int capacity) {
    if (!memory.take(capacity)) {
      return null;
    }
    try {
      return allocator.directBuffer(capacity, capacity);
    } catch (OutOfDirectMemoryError e) {
      memory.give(capacity);
      memory.hostRefused();
      return null;
    }
  }

  /**
   * Allocates a buffer for a batch, or a smaller one where there is no memory for that.
   *
   * @param capacity the bytes of a batch
   * @param least the bytes of its first frame
   * @return as {@link #allocate}
   */
  public @Nullable ByteBuf allocate(int capacity, int least) {
    ByteBuf whole = allocate(capacity);
    return whole == null && least < capacity ? allocate(least) : whole;
  }

  /**
   * Releases a buffer that was allocated here.
   *
   * @param buffer the caller's reference, the last one or one that others outlive
   */
  public void free(ByteBuf buffer) {
    int capacity = buffer.capacity();
    buffer.release();
    memory.give(capacity);
  }

  /**
   * Counts a buffer that was allocated elsewhere.
   *
   * @param capacity the buffer's
   * @return whether the port may keep it, to be ended by {@link #passed}
   */
  public boolean reserve(int capacity) {
    return memory.take(capacity);
  }

  /**
   * Hears that another owner has released a buffer that was allocated here, or counts it from now
   * on.
   *
   * @param capacity the buffer's; 0 for one that was not counted
   */
  public void passed(int capacity) {
    if (capacity > 0) {
      memory.give(capacity);
    }
  }

  /**
   * The bytes that the port's buffers take.
   *
   * @return bytes, as the allocator rounds them
   */
  public long held() {
    return memory.held();
  }

  /** Gives up the port's part. Buffers that it still has are freed later. */
  public void close() {
    memory.close();
  }
}
