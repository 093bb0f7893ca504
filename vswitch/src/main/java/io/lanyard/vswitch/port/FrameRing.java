package io.lanyard.vswitch.port;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue of frames from one thread to one other, without locks.
 *
 * <p>Each slot owns a buffer that is filled again and again. The producer makes it larger when a
 * frame needs that; the consumer replaces it when somebody has retained it. {@code tail} is written
 * by the producer and {@code head} by the consumer, both with release after the slot's contents,
 * and read by the other side with acquire.
 *
 * <p>Closing: the last of the two sides gives the buffers back. A producer that is inside {@link
 * #offer} when the consumer closes does it on its way out, so that neither waits for the other.
 */
final class FrameRing {
  private static final VarHandle HEAD;
  private static final VarHandle TAIL;
  private static final VarHandle STATE;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      HEAD = lookup.findVarHandle(FrameRing.class, "head", long.class);
      TAIL = lookup.findVarHandle(FrameRing.class, "tail", long.class);
      STATE = lookup.findVarHandle(FrameRing.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** The first capacity of a slot: a wire frame of the usual MTU. */
  private static final int FIRST_CAPACITY = 2048;

  private static final int IDLE = 0;
  private static final int PRODUCING = 1;
  private static final int CLOSED = 2;
  private static final int CLOSED_WHILE_PRODUCING = 3;

  private final ByteBufAllocator allocator;
  private final @Nullable ByteBuf[] slots;

  /** The memory of each slot's buffer, made with it: a frame makes no object. Producer only. */
  private final @Nullable MemorySegment[] memories;

  private final int mask;
  private volatile long head;
  private volatile long tail;
  private volatile int state;

  /**
   * Makes an empty ring.
   *
   * @param slots a power of two
   */
  FrameRing(int slots, ByteBufAllocator allocator) {
    this.allocator = allocator;
    this.slots = new ByteBuf[slots];
    this.memories = new MemorySegment[slots];
    this.mask = slots - 1;
  }

  /** Copies a frame in. Producer only. Answers false if the ring is full or closed. */
  boolean offer(MemorySegment frame) {
    return offer(frame, null);
  }

  /** Copies a frame in, from its reader index to its writer index; else as the other. */
  boolean offer(ByteBuf frame) {
    return offer(null, frame);
  }

  /** One of the two is there. */
  private boolean offer(@Nullable MemorySegment memory, @Nullable ByteBuf frame) {
    if (!STATE.compareAndSet(this, IDLE, PRODUCING)) {
      return false;
    }
    try {
      long at = (long) TAIL.get(this);
      if (at - (long) HEAD.getAcquire(this) == slots.length) {
        return false;
      }
      int slot = (int) at & mask;
      if (memory != null) {
        fill(slot, memory);
      } else if (frame != null) {
        int length = frame.readableBytes();
        room(slot, length).setBytes(0, frame, frame.readerIndex(), length).setIndex(0, length);
      }
      TAIL.setRelease(this, at + 1);
      return true;
    } finally {
      if (!STATE.compareAndSet(this, PRODUCING, IDLE)) {
        state = CLOSED;
        release();
      }
    }
  }

  private void fill(int slot, MemorySegment frame) {
    int length = (int) frame.byteSize();
    ByteBuf buffer = room(slot, length);
    MemorySegment memory = memories[slot];
    if (memory != null) {
      MemorySegment.copy(frame, 0, memory, 0, length);
    }
    buffer.setIndex(0, length);
  }

  /** The buffer of a slot, made or made larger where needed, and its memory with it. */
  @SuppressWarnings("restricted") // the segment covers the buffer's own memory
  private ByteBuf room(int slot, int length) {
    ByteBuf buffer = slots[slot];
    if (buffer != null && buffer.capacity() >= length) {
      return buffer;
    }
    if (buffer != null) {
      slots[slot] = null;
      buffer.release();
    }
    ByteBuf made = allocator.directBuffer(Math.max(length, FIRST_CAPACITY));
    slots[slot] = made;
    memories[slot] = MemorySegment.ofAddress(made.memoryAddress()).reinterpret(made.capacity());
    return made;
  }

  /** Lends the oldest frame until {@link #next}. Consumer only. Answers null if there is none. */
  @Nullable ByteBuf peek() {
    long at = (long) HEAD.get(this);
    return at == (long) TAIL.getAcquire(this) ? null : slots[(int) at & mask];
  }

  /** Ends the loan of {@link #peek}. Consumer only. */
  void next() {
    long at = (long) HEAD.get(this);
    int slot = (int) at & mask;
    ByteBuf buffer = slots[slot];
    if (buffer != null && buffer.refCnt() > 1) {
      buffer.release(); // its holder keeps it
      slots[slot] = null;
    }
    HEAD.setRelease(this, at + 1);
  }

  /** Whether a frame waits. Any thread; true for a moment only. */
  boolean isEmpty() {
    return head == tail;
  }

  /** Counts the frames that wait. Any thread; a moment's truth. */
  int size() {
    return (int) Math.max(0, tail - head);
  }

  /** Refuses further frames and gives the buffers back. Consumer only. */
  void close() {
    while (true) {
      if (STATE.compareAndSet(this, IDLE, CLOSED)) {
        release();
        return;
      }
      if (STATE.compareAndSet(this, PRODUCING, CLOSED_WHILE_PRODUCING) || state >= CLOSED) {
        return;
      }
    }
  }

  private void release() {
    for (int i = 0; i < slots.length; i++) {
      ByteBuf buffer = slots[i];
      slots[i] = null;
      if (buffer != null) {
        buffer.release();
      }
    }
  }
}
