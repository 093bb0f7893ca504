package io.lanyard.nat.tcp;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that TCP connections hold together: buffers, not payload. One for the whole process,
 * since all its networks draw on the same memory outside the heap.
 *
 * <p>It is divided as descriptors are: among several networks with connections, half of it in equal
 * floors that nobody else can take, and the other half for those that want more, of which a network
 * takes as long as it has taken less than it leaves. {@link EngineMemory} divides a network's among
 * its ports. Nothing is refused because there is no memory and nobody waits for it: connections get
 * slow instead, those of the port that holds most first.
 *
 * <p>So what is held may pass the limit by as much as floors were promised, which is half of it,
 * and by a few kilobytes a connection.
 *
 * <p>Thread: any.
 */
public final class MemoryPool {
  /**
   * Half of what the launcher lets a daemon have outside the heap: the other half is for floors
   * when all is taken, for what is lost to the allocator's size classes, and for all that is not
   * TCP.
   */
  private static final MemoryPool PROCESS = new MemoryPool(256L << 20);

  private final long limit;
  private final AtomicLong used = new AtomicLong();
  private final AtomicLong shared = new AtomicLong();
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

  /** Takes bytes, of which some lie beyond the network's floor; negative ones are given back. */
  void change(long bytes, long beyondFloor) {
    used.addAndGet(bytes);
    shared.addAndGet(beyondFloor);
  }

  /** A network has connections from now on. */
  void join() {
    networks.incrementAndGet();
  }

  /** A network has no connections any more. */
  void leave() {
    networks.decrementAndGet();
  }

  /** The bytes of each network that no other can take. */
  long floor() {
    int count = networks.get();
    return count <= 1 ? limit : limit / 2 / count;
  }

  /**
   * The rest of the part that all networks share; below zero where floors of ports went beyond it.
   * The bytes that a network took while it was alone count, too, though its own books may be older.
   */
  long free() {
    long floors = networks.get() <= 1 ? limit : limit / 2;
    return limit - floors - Math.max(shared.get(), used.get() - floors);
  }
}
