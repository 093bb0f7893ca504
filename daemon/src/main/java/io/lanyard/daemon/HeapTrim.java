package io.lanyard.daemon;

import io.lanyard.base.LifeCycle;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Gives the heap's memory back to the system when what filled it is over.
 *
 * <p>The collector shrinks the heap only when it collects all of it, and it does so only when the
 * heap is full: what a hundred thousand flows left would stay resident as garbage until others
 * come. So a heap that has grown and is quiet is collected once, in some ten milliseconds.
 *
 * <p>Thread: its own.
 */
final class HeapTrim implements LifeCycle {
  /** Less is not worth a pause. */
  static final long WORTH_BYTES = 32 << 20;

  /** The bytes that an idle daemon allocates meanwhile, and one that carries frames too. */
  static final long QUIET_BYTES = 4 << 20;

  private static final long PERIOD_SECONDS = 10;

  /** The heap, as the trim sees it. */
  interface Heap {
    /** Bytes that the heap has from the system. */
    long committed();

    /** Bytes in use, garbage included. */
    long used();

    /** Collects all garbage, and gives back what is left over. */
    void collect();
  }

  /** The heap of this process. */
  static final class OfProcess implements Heap {
    @Override
    public long committed() {
      return Runtime.getRuntime().totalMemory();
    }

    @Override
    public long used() {
      return committed() - Runtime.getRuntime().freeMemory();
    }

    @Override
    public void collect() {
      System.gc();
    }
  }

  private final Heap heap;
  private long least;
  private long usedBefore;
  private @Nullable Thread thread;

  HeapTrim(Heap heap) {
    this.heap = heap;
    least = heap.committed();
    usedBefore = heap.used();
  }

  @Override
  public void start() {
    thread = Thread.ofVirtual().name("heap-trim").start(this::run);
  }

  private void run() {
    try {
      while (true) {
        TimeUnit.SECONDS.sleep(PERIOD_SECONDS);
        check();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Collects if the heap has grown since it was smallest, and nobody has used it for a period. */
  void check() {
    long used = heap.used();
    boolean quiet = Math.abs(used - usedBefore) < QUIET_BYTES;
    least = Math.min(least, heap.committed());
    if (quiet && heap.committed() - least > WORTH_BYTES) {
      heap.collect();
      least = heap.committed();
    }
    usedBefore = heap.used();
  }

  @Override
  public void close() {
    Thread watching = thread;
    if (watching != null) {
      watching.interrupt();
    }
  }
}
