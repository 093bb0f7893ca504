package io.lanyard.virtio;

import java.lang.invoke.VarHandle;

/**
 * A split virtqueue, seen from the device (VIRTIO 1.2 section 2.7).
 *
 * <p>{@link #pop} takes the next chain, {@link #push} gives it back, {@link #publish} shows what
 * was given back and interrupts the driver if it wants to know. With EVENT_IDX both sides say up to
 * which index they do not want to be disturbed.
 *
 * <p>Thread: one at a time; the device locks.
 */
public final class VirtQueue {
  /** Descriptor flag: another follows. */
  public static final int NEXT = 1;

  /** Descriptor flag: the device writes. */
  public static final int WRITE = 2;

  /** Descriptor flag: the buffer is a table of descriptors. */
  public static final int INDIRECT = 4;

  private static final int DESCRIPTOR = 16;
  private static final int NO_INTERRUPT = 1;
  private static final int NO_NOTIFY = 1;

  /** Hears of a queue's events: the transport. */
  public interface Listener {
    /** The driver wants to know that buffers were used. */
    void interrupt();

    /**
     * The driver broke the rules; the queue is dead until the device is reset.
     *
     * @param why for the log
     */
    void broken(String why);
  }

  private final GuestMemory memory;
  private final int size;
  private final long descriptors;
  private final long available;
  private final long used;
  private final boolean eventIndex;
  private final boolean indirect;
  private final Listener listener;
  private int nextAvailable;
  private int nextUsed;
  private int published;
  private boolean everPublished;
  private volatile boolean broken;

  private VirtQueue(
      GuestMemory memory,
      int size,
      long descriptors,
      long available,
      long used,
      long features,
      Listener l) {
    this.memory = memory;
    this.size = size;
    this.descriptors = descriptors;
    this.available = available;
    this.used = used;
    this.eventIndex = (features & Features.EVENT_IDX) != 0;
    this.indirect = (features & Features.INDIRECT) != 0;
    this.listener = l;
  }

  /**
   * Makes a queue over rings that the driver has laid out. Rings that are not all in RAM, or not
   * aligned, make a queue that is broken from the start.
   *
   * @param memory guest memory
   * @param size entries, a power of two
   * @param descriptors physical address of the descriptor table
   * @param available of the available ring
   * @param used of the used ring
   * @param features as negotiated
   * @param listener the transport
   * @return the queue
   */
  public static VirtQueue of(
      GuestMemory memory,
      int size,
      long descriptors,
      long available,
      long used,
      long features,
      Listener listener) {
    VirtQueue queue = new VirtQueue(memory, size, descriptors, available, used, features, listener);
    boolean fits =
        Integer.bitCount(size) == 1
            && memory.contains(descriptors, (long) DESCRIPTOR * size)
            && memory.contains(available, 6 + 2L * size)
            && memory.contains(used, 6 + 8L * size)
            && ((descriptors & 15) | (available & 1) | (used & 3)) == 0;
    if (!fits) {
      queue.fail("its rings are not in RAM");
    }
    return queue;
  }

  /**
   * Makes a queue over rings that were in use before: by a device that was stopped, or by one that
   * has ended without a word. Everything before the first chain was given back, in order, so that
   * the driver's used index says where to go on.
   *
   * @param memory guest memory
   * @param size entries, a power of two
   * @param descriptors physical address of the descriptor table
   * @param available of the available ring
   * @param used of the used ring
   * @param features as negotiated
   * @param listener the transport
   * @param next the index of the first chain to take; only its low 16 bits count
   * @return the queue
   */
  public static VirtQueue resume(
      GuestMemory memory,
      int size,
      long descriptors,
      long available,
      long used,
      long features,
      Listener listener,
      int next) {
    VirtQueue queue = of(memory, size, descriptors, available, used, features, listener);
    if (!queue.broken) {
      queue.nextAvailable = next & 0xffff;
      queue.nextUsed = queue.short16(used + 2);
    }
    return queue;
  }

  /**
   * The index of the chain that {@link #pop} takes next.
   *
   * @return 16 bits
   */
  public int nextAvailable() {
    return nextAvailable;
  }

  /** The index that {@link #push} uses next: those before it are, or will be, the driver's. */
  int nextUsed() {
    return nextUsed;
  }

  private boolean fail(String why) {
    if (!broken) {
      broken = true;
      listener.broken(why);
    }
    return false;
  }

  /**
   * Whether the queue is dead.
   *
   * @return true after the driver broke the rules
   */
  public boolean broken() {
    return broken;
  }

  /**
   * Makes the queue dead, without a word to the driver: its machine ends, and the device's worker
   * shall find nothing more. Thread: any; seen by the worker at its next chain.
   */
  public void abandon() {
    broken = true;
  }

  /**
   * The number of entries.
   *
   * @return a power of two
   */
  public int size() {
    return size;
  }

  /**
   * Makes a chain that any of this queue's chains fits into.
   *
   * @return to be passed to {@link #pop}
   */
  public Chain newChain() {
    return new Chain(memory, size);
  }

  /**
   * Makes a chain for a device whose time a guest must not take with long ones. {@link #pop} walks
   * no further than the limit, and {@link Chain#tooLong} tells.
   *
   * @param limit most descriptors
   * @return to be passed to {@link #pop}
   */
  public Chain newChain(int limit) {
    return new Chain(memory, Math.min(size, limit), limit);
  }

  private int short16(long at) {
    return memory.getShort(at) & 0xffff;
  }

  /**
   * Whether a chain waits.
   *
   * @return false if not, or if the queue is broken
   */
  public boolean hasNext() {
    if (broken) {
      return false;
    }
    int index = short16(available + 2);
    int waiting = (index - nextAvailable) & 0xffff;
    if (waiting > size) {
      return fail("its available index runs ahead");
    }
    // The index before the ring entries and the descriptors behind it.
    VarHandle.acquireFence();
    return waiting != 0;
  }

  /**
   * How many chains wait.
   *
   * @return 0 if the queue is broken
   */
  public int waiting() {
    return hasNext() ? (short16(available + 2) - nextAvailable) & 0xffff : 0;
  }

  /**
   * Takes the next chain.
   *
   * @param chain receives it
   * @return false if none waits, or the queue is broken
   */
  public boolean pop(Chain chain) {
    if (!hasNext()) {
      return false;
    }
    int head = short16(available + 4 + 2L * (nextAvailable & (size - 1)));
    if (head >= size) {
      return fail("a head is out of range");
    }
    chain.clear(head);
    if (!follow(chain, descriptors, size, head, indirect)) {
      return false;
    }
    nextAvailable = (nextAvailable + 1) & 0xffff;
    return true;
  }

  /**
   * Walks one table; each descriptor is read once, and at most as many as the queue has entries.
   */
  private boolean follow(Chain chain, long table, int entries, int first, boolean mayIndirect) {
    int index = first;
    for (int seen = 0; seen < size; seen++) {
      if (!chain.countsOneMore()) {
        return true;
      }
      long at = table + (long) DESCRIPTOR * index;
      long address = memory.getLong(at);
      long length = memory.getInt(at + 8) & 0xffff_ffffL;
      int flags = short16(at + 12);
      int next = short16(at + 14);
      if ((flags & INDIRECT) != 0) {
        return followIndirect(chain, address, length, flags, mayIndirect);
      }
      if (!chain.add(address, length, (flags & WRITE) != 0)) {
        return fail("a buffer is not in RAM, out of order, or one too many");
      }
      if ((flags & NEXT) == 0) {
        return true;
      }
      if (next >= entries) {
        return fail("a chain leaves its table");
      }
      index = next;
    }
    return fail("a chain loops");
  }

  /**
   * Section 2.7.5.3: a table is the last of its chain, after any number of plain descriptors; never
   * with NEXT, never inside another. It fits the queue, and whether it is marked for writing means
   * nothing.
   */
  private boolean followIndirect(Chain chain, long address, long length, int flags, boolean may) {
    long entries = length / DESCRIPTOR;
    if (!may
        || (flags & NEXT) != 0
        || length % DESCRIPTOR != 0
        || entries == 0
        || entries > size
        || !memory.contains(address, length)) {
      return fail("an indirect table is bad");
    }
    return follow(chain, address, (int) entries, 0, false);
  }

  /**
   * Puts the last chains popped back.
   *
   * @param popped how many were popped
   * @param pushed how many of them were pushed and not yet exposed
   */
  public void rewind(int popped, int pushed) {
    nextAvailable = (nextAvailable - popped) & 0xffff;
    nextUsed = (nextUsed - pushed) & 0xffff;
  }

  /**
   * Gives a chain back, not yet visible to the driver.
   *
   * @param head of the chain
   * @param written bytes written to its writable parts, from the first on
   */
  void push(int head, long written) {
    long at = used + 4 + 8L * (nextUsed & (size - 1));
    memory.putInt(at, head);
    memory.putInt(at + 4, (int) written);
    nextUsed = (nextUsed + 1) & 0xffff;
  }

  /**
   * Gives a chain back, not yet visible to the driver.
   *
   * @param chain from {@link #pop}
   * @param written bytes written to its writable parts, from the first on
   */
  public void push(Chain chain, long written) {
    push(chain.head(), written);
  }

  /** Shows the driver what was pushed. Does not interrupt. */
  public void expose() {
    VarHandle.releaseFence();
    memory.putShort(used + 2, (short) nextUsed);
  }

  /** Shows the driver what was pushed, and interrupts it if it asked for that. */
  public void publish() {
    if (broken) {
      return;
    }
    expose();
    // Our index before the driver's wish: it writes its wish, then looks at our index.
    VarHandle.fullFence();
    if (everPublished && published == nextUsed) {
      return;
    }
    if (wanted()) {
      listener.interrupt();
    }
    published = nextUsed;
    everPublished = true;
  }

  private boolean wanted() {
    if (!eventIndex) {
      return (short16(available) & NO_INTERRUPT) == 0;
    }
    // Section 2.7.7.2: did the step from published to nextUsed pass used_event?
    int event = short16(available + 4 + 2L * size);
    return !everPublished || ((nextUsed - event - 1) & 0xffff) < ((nextUsed - published) & 0xffff);
  }

  /**
   * Asks the driver to notify, or not to.
   *
   * @param on true to be notified of the next chain that it adds to those that are there
   */
  public void notifications(boolean on) {
    if (broken) {
      return;
    }
    if (!eventIndex) {
      memory.putShort(used, (short) (on ? 0 : NO_NOTIFY));
    } else if (on) {
      memory.putShort(used + 4 + 8L * size, memory.getShort(available + 2));
    }
    // Our wish before the driver's index, which the caller looks at next.
    VarHandle.fullFence();
  }
}
