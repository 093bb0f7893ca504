package io.lanyard.nat.tcp;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that TCP connections hold together: buffers, not payload. One for the whole process,
 * since all its networks draw on the same memory outside the heap.
 *
 * <p>A port may hold half of it. Above a quarter its connections are held to small windows, at the
 * half to a few kilobytes each. When the pool itself gets short, the same happens to those ports
 * that hold more than a fair share, and to all only when the pool is wholly used. Nothing is
 * refused because there is no memory and nobody waits for it: connections get slow instead, those
 * of the port that holds most first.
 *
 * <p>Thread: any.
 */
public final class MemoryPool {
  /**
   * Half of what the launcher lets a daemon have outside the heap: the other half is for what is
   * lost to the allocator's size classes, and for all that is not TCP.
   */
  private static final MemoryPool PROCESS = new MemoryPool(256L << 20);

  private final long limit;
  private final AtomicLong used = new AtomicLong();
  private final AtomicInteger networks = new AtomicInteger();

  /**
   * Makes a pool.
   *
   * @param limit bytes
   */
  public MemoryPool(long limit) {
    this.limit = limit;
  }

  /**
   * The pool of this process.
   *
   * @return the one pool that networks share unless told otherwise
   */
  public static MemoryPool ofProcess() {
    return PROCESS;
  }

  /**
   * How much may be held.
   *
   * @return bytes
   */
  public long limit() {
    return limit;
  }

  /**
   * How much is held.
   *
   * @return bytes; engines take them by the mebibyte
   */
  public long used() {
    return used.get();
  }

  void change(long bytes) {
    used.addAndGet(bytes);
  }

  /** A network has connections from now on. */
  void join() {
    networks.incrementAndGet();
  }

  /** A network has no connections any more. */
  void leave() {
    networks.decrementAndGet();
  }

  int networks() {
    return networks.get();
  }

  /** Five eighths are used: who has more than a fair share gets small windows. */
  boolean scarce() {
    return used.get() > limit / 8 * 5;
  }

  /** Three quarters are used: who has more than a fair share gets next to nothing. */
  boolean nearlyExhausted() {
    return used.get() > limit - limit / 4;
  }

  boolean exhausted() {
    return used.get() > limit;
  }
}
