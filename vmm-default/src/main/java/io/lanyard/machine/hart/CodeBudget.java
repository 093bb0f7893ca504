package io.lanyard.machine.hart;

import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes of the heap decoded code may take, and how guests divide them.
 *
 * <p>While there is room a guest takes what it likes. When there is none, a guest that has more
 * than its fair share (the budget divided by the number of guests) evicts pages of its own for each
 * that it adds; one that has less asks the guest that has most to go back to its share. Only a hart
 * evicts from its own cache, so nothing here is locked; one that is asked does it at its next poll,
 * a few microseconds later, or is woken for it. Until then the total may exceed the budget, by no
 * more than the asking guest's share.
 *
 * <p>Thread: any.
 */
public final class CodeBudget {
  /**
   * The part of the heap that is decoded code at most: an eighth. The daemon's is 256 MiB, of which
   * its networks need the rest. A Debian kernel takes 12 MiB to boot where it may, and boots as
   * fast with one.
   */
  private static final int PART_OF_HEAP = 8;

  /**
   * The least that a guest can work with, some 40 pages of code: less would be decoded again and
   * again.
   */
  static final long LEAST_SHARE = 256 << 10;

  private final long size;
  private final AtomicLong used = new AtomicLong();
  private final CopyOnWriteArrayList<Share> shares = new CopyOnWriteArrayList<>();

  /**
   * Makes a budget.
   *
   * @param size bytes
   */
  public CodeBudget(long size) {
    this.size = size;
  }

  /**
   * Makes the budget for a process whose heap holds other things too.
   *
   * @return an eighth of the largest heap
   */
  public static CodeBudget ofHeap() {
    return new CodeBudget(Runtime.getRuntime().maxMemory() / PART_OF_HEAP);
  }

  /**
   * The size.
   *
   * @return bytes
   */
  public long size() {
    return size;
  }

  /**
   * The memory that all guests use.
   *
   * @return bytes
   */
  public long used() {
    return used.get();
  }

  /**
   * How many more guests can be given a share that they can work with.
   *
   * @return a number, 0 if there is no room for another
   */
  public int room() {
    return (int) Math.max(0, size / LEAST_SHARE - shares.size());
  }

  /**
   * Adds a guest.
   *
   * @return its part, to be closed when its harts have ended
   */
  public Share open() {
    Share share = new Share();
    shares.add(share);
    return share;
  }

  private long fair() {
    return size / Math.max(1, shares.size());
  }

  /** Asks the guest that has most to go back to its fair share, if it has more. */
  private void askLargest() {
    Share largest = null;
    for (Share share : shares) {
      if (largest == null || share.used.get() > largest.used.get()) {
        largest = share;
      }
    }
    if (largest != null && largest.used.get() > fair()) {
      largest.ask();
    }
  }

  /** A guest's part, for all of its harts. */
  public final class Share implements AutoCloseable {
    private final AtomicLong used = new AtomicLong();
    private final CopyOnWriteArrayList<Runnable> harts = new CopyOnWriteArrayList<>();
    private volatile boolean asked;

    private Share() {}

    /** Adds a hart: how it is made to look at {@link #owed} soon. */
    void join(Runnable wake) {
      harts.add(wake);
    }

    /** Notes that a cache has grown. */
    void charge(long bytes) {
      used.addAndGet(bytes);
      CodeBudget.this.used.addAndGet(bytes);
    }

    /** Notes that a cache has shrunk. */
    void credit(long bytes) {
      charge(-bytes);
    }

    /**
     * How much the caller has to evict now. Evicts a sixteenth more than is needed, so that not
     * every page that is added costs an eviction.
     *
     * @return bytes, 0 for nothing
     */
    long excess() {
      long over = CodeBudget.this.used.get() - size;
      long fair = fair();
      long mine = used.get() - fair;
      if (over <= 0) {
        return 0;
      }
      if (mine <= 0) {
        askLargest();
        return 0;
      }
      return Math.min(mine, over) + fair / 16;
    }

    /**
     * How much the caller has to evict because another guest needs it; says it once.
     *
     * @return bytes, 0 for nothing
     */
    long owed() {
      if (!asked) {
        return 0;
      }
      asked = false;
      long fair = fair();
      long mine = used.get() - fair;
      return mine <= 0 ? 0 : mine + fair / 16;
    }

    private void ask() {
      if (!asked) {
        asked = true;
        harts.forEach(Runnable::run);
      }
    }

    /**
     * The memory that this guest uses.
     *
     * @return bytes
     */
    public long used() {
      return used.get();
    }

    /** Gives everything back. The guest's harts have ended. */
    @Override
    public void close() {
      if (shares.remove(this)) {
        CodeBudget.this.used.addAndGet(-used.getAndSet(0));
      }
    }
  }
}
