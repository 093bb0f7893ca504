package io.lanyard.vswitch.port;

import io.lanyard.vswitch.DropCause;
import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue of frames from one thread to one other, without locks.
 *
 * <p>A frame lies in a buffer of one of two sizes. The producer takes back the buffers of frames
 * that the consumer is done with and uses the last one first, so that a ring has as many buffers as
 * frames waited at once, and a steady stream allocates nothing. {@link #trim} gives back those that
 * were not used lately. A buffer that somebody has retained leaves the ring.
 *
 * <p>{@code tail} is written by the producer and {@code head} by the consumer, both with release
 * after the slot's contents, and read by the other side with acquire.
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

  /** The capacity of a small buffer: a wire frame of the usual MTU. */
  private static final int SMALL = 2048;

  /** Large buffers up to this have a power of two, others room for the largest frame. */
  private static final int MEDIUM = 32 << 10;

  /** Buffers that are given back before the producer may go on: 2 us. */
  private static final int TRIM_STEP = 16;

  private static final int IDLE = 0;
  private static final int PRODUCING = 1;
  private static final int TRIMMING = 2;
  private static final int CLOSED = 3;
  private static final int CLOSED_WHILE_PRODUCING = 4;

  /**
   * A buffer, and its memory, made with it: a frame makes no object.
   *
   * @param buffer owned by the ring
   * @param memory all of it
   */
  private record Cell(ByteBuf buffer, MemorySegment memory) {}

  /** Buffers of one size that hold no frame. Producer, or who keeps it out. */
  private static final class Spares {
    private final @Nullable Cell[] cells;
    private int count;

    /** The fewest that there were since the last trim: nobody has needed so many. */
    private int least;

    Spares(int most) {
      cells = new @Nullable Cell[most];
    }

    void push(Cell cell) {
      cells[count++] = cell;
    }

    @Nullable Cell pop() {
      if (count == 0) {
        return null;
      }
      count--;
      least = Math.min(least, count);
      Cell cell = cells[count];
      cells[count] = null;
      return cell;
    }

    /** Removes one of those that nobody has needed; null if there is none. */
    @Nullable Cell surplus() {
      if (least == 0) {
        return null;
      }
      least--;
      count--;
      Cell cell = cells[count];
      cells[count] = null;
      return cell;
    }

    void beginAnew() {
      least = count;
    }
  }

  private final PortBuffers buffers;
  private final @Nullable Cell[] slots;
  private final Spares small;
  private final Spares large;
  private final int mask;

  /** The slots before this one have given their buffers to the spares. */
  private long reclaimed;

  private volatile long head;
  private volatile long tail;
  private volatile int state;

  /**
   * Makes an empty ring.
   *
   * @param slots a power of two
   * @param buffers where the ring's memory comes from
   */
  FrameRing(int slots, PortBuffers buffers) {
    this.buffers = buffers;
    this.slots = new @Nullable Cell[slots];
    this.small = new Spares(slots);
    this.large = new Spares(slots);
    this.mask = slots - 1;
  }

  /**
   * Copies a frame in. Producer only.
   *
   * @return null, or why it was not taken: the ring is full or closed, or there is no memory for it
   */
  @Nullable DropCause offer(MemorySegment frame) {
    return offer(frame, null);
  }

  /** Copies a frame in, from its reader index to its writer index; else as the other. */
  @Nullable DropCause offer(ByteBuf frame) {
    return offer(null, frame);
  }

  /** One of the two is there. */
  private @Nullable DropCause offer(@Nullable MemorySegment memory, @Nullable ByteBuf frame) {
    if (!enter()) {
      return DropCause.QUEUE_FULL;
    }
    try {
      long at = (long) TAIL.get(this);
      long taken = (long) HEAD.getAcquire(this);
      if (at - taken == slots.length) {
        return DropCause.QUEUE_FULL;
      }
      reclaim(taken);
      Cell cell = null;
      if (memory != null) {
        cell = filled(memory);
      } else if (frame != null) {
        cell = filled(frame);
      }
      if (cell == null) {
        return DropCause.NO_BUFFERS;
      }
      slots[(int) at & mask] = cell;
      TAIL.setRelease(this, at + 1);
      return null;
    } finally {
      if (!STATE.compareAndSet(this, PRODUCING, IDLE)) {
        state = CLOSED;
        release();
      }
    }
  }

  /** Answers false if the ring is closed. */
  private boolean enter() {
    while (!STATE.compareAndSet(this, IDLE, PRODUCING)) {
      if (state >= CLOSED) {
        return false;
      }
      Thread.onSpinWait(); // a few buffers are being given back
    }
    return true;
  }

  private void reclaim(long upTo) {
    for (; reclaimed < upTo; reclaimed++) {
      int slot = (int) reclaimed & mask;
      Cell cell = slots[slot];
      if (cell != null) {
        slots[slot] = null;
        (cell.buffer.capacity() == SMALL ? small : large).push(cell);
      }
    }
  }

  private @Nullable Cell filled(MemorySegment frame) {
    int length = (int) frame.byteSize();
    Cell cell = room(length);
    if (cell != null) {
      MemorySegment.copy(frame, 0, cell.memory, 0, length);
      cell.buffer.setIndex(0, length);
    }
    return cell;
  }

  private @Nullable Cell filled(ByteBuf frame) {
    int length = frame.readableBytes();
    Cell cell = room(length);
    if (cell != null) {
      cell.buffer.setBytes(0, frame, frame.readerIndex(), length).setIndex(0, length);
    }
    return cell;
  }

  /** A buffer for a frame; null if there is no memory for it. */
  private @Nullable Cell room(int length) {
    if (length <= SMALL) {
      Cell spare = small.pop();
      Cell cell = spare == null ? make(SMALL) : spare;
      return cell == null ? large.pop() : cell;
    }
    Cell cell = large.pop();
    if (cell != null && cell.buffer.capacity() < length) {
      buffers.free(cell.buffer);
      cell = null;
    }
    return cell == null ? make(capacity(length)) : cell;
  }

  private static int capacity(int length) {
    return length <= MEDIUM
        ? Integer.highestOneBit(length - 1) << 1
        : Math.max(length, Burst.LARGEST);
  }

  @SuppressWarnings("restricted") // the segment covers the buffer's own memory
  private @Nullable Cell make(int capacity) {
    ByteBuf made = buffers.allocate(capacity);
    return made == null
        ? null
        : new Cell(made, MemorySegment.ofAddress(made.memoryAddress()).reinterpret(capacity));
  }

  /** Lends the oldest frame until {@link #next}. Consumer only. Answers null if there is none. */
  @Nullable ByteBuf peek() {
    long at = (long) HEAD.get(this);
    if (at == (long) TAIL.getAcquire(this)) {
      return null;
    }
    Cell cell = slots[(int) at & mask];
    return cell == null ? null : cell.buffer;
  }

  /** Ends the loan of {@link #peek}. Consumer only. */
  void next() {
    long at = (long) HEAD.get(this);
    int slot = (int) at & mask;
    Cell cell = slots[slot];
    if (cell != null && cell.buffer.refCnt() > 1) {
      slots[slot] = null;
      buffers.free(cell.buffer); // its holder keeps it, in an account of its own
    }
    HEAD.setRelease(this, at + 1);
  }

  /**
   * Gives back the buffers that nobody has needed since the last call. To be called once a second
   * or so while the ring is used, and on until it answers false. Consumer only.
   *
   * @return whether the ring still has buffers
   */
  boolean trim() {
    boolean more = true;
    boolean kept = true;
    while (more) {
      if (!STATE.compareAndSet(this, IDLE, TRIMMING)) {
        return state < CLOSED; // the ring is in use: the next time
      }
      try {
        reclaim((long) HEAD.get(this));
        more = freeSome(large) || freeSome(small);
        if (!more) {
          small.beginAnew();
          large.beginAnew();
        }
        kept = small.count + large.count > 0 || reclaimed < (long) TAIL.get(this);
      } finally {
        STATE.setRelease(this, IDLE);
      }
    }
    return kept;
  }

  /** Frees some of the spares that nobody has needed. Answers whether there may be more of them. */
  private boolean freeSome(Spares spares) {
    for (int i = 0; i < TRIM_STEP; i++) {
      Cell cell = spares.surplus();
      if (cell == null) {
        return false;
      }
      buffers.free(cell.buffer);
    }
    return true;
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
      Cell cell = slots[i];
      slots[i] = null;
      if (cell != null) {
        buffers.free(cell.buffer);
      }
    }
    release(small);
    release(large);
  }

  private void release(Spares spares) {
    for (Cell cell = spares.pop(); cell != null; cell = spares.pop()) {
      buffers.free(cell.buffer);
    }
  }
}
