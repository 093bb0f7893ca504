package io.lanyard.base;

import java.util.function.Consumer;

/**
 * A hierarchical timer wheel (Varghese and Lauck, scheme 7): arming and disarming take constant
 * time and allocate nothing.
 *
 * <p>Four levels of 256 slots; a tick of the lowest is 2^20 ns, about a millisecond, and each level
 * is 256 times coarser than the one below, so that delays of up to 52 days have a slot of their own
 * and longer ones wait in the last and are put in again. A timer of a higher level moves down when
 * its slot's time comes. One bit per slot says whether it holds anything, so that the next tick
 * with work is found without a walk.
 *
 * <p>The wheel asks to be woken for the earliest tick that may have work, and for nothing when
 * nothing is armed. Disarming does not take a wake-up back: it finds nothing to do.
 *
 * <p>Thread: the network's loop only.
 */
public final class TimerWheel implements Timers, Dumpable {
  private static final int TICK_BITS = 20;

  /** The resolution: a timer is late by less than two of these, when the loop is not. */
  public static final long TICK_NANOS = 1L << TICK_BITS;

  private static final int LEVELS = 4;
  private static final int SLOT_BITS = 8;
  private static final int SLOTS = 1 << SLOT_BITS;
  private static final int MASK = SLOTS - 1;
  private static final long HORIZON = (1L << (LEVELS * SLOT_BITS)) - 1;
  private static final long NEVER = Long.MAX_VALUE;

  private final Clock clock;
  private final Alarm alarm;
  private final Consumer<Throwable> failures;
  private final long origin;
  private final Entry[] slots = new Entry[LEVELS * SLOTS];
  private final long[] occupied = new long[LEVELS * SLOTS / Long.SIZE];

  /** The tick whose timers have all expired. */
  private long tick;

  private long wakeTick = NEVER;
  private boolean expiring;
  private int armedCount;
  private long expiries;

  /** A clock outside that wakes the wheel up. */
  @FunctionalInterface
  public interface Alarm {
    /**
     * Asks for one call of {@link TimerWheel#expire}, instead of what was asked for before.
     *
     * @param delayNanos from now
     */
    void wakeIn(long delayNanos);
  }

  /**
   * Makes a wheel that somebody drives.
   *
   * @param clock the clock to follow
   * @param alarm is asked for calls of {@link #expire}
   * @param failures hears what the timers' actions throw; the other timers expire all the same
   */
  public TimerWheel(Clock clock, Alarm alarm, Consumer<Throwable> failures) {
    this.clock = clock;
    this.alarm = alarm;
    this.failures = failures;
    this.origin = clock.nanoTime();
    for (int i = 0; i < slots.length; i++) {
      slots[i] = new Entry(this, () -> {});
      slots[i].next = slots[i];
      slots[i].previous = slots[i];
    }
  }

  @Override
  public Timer create(Runnable action) {
    return new Entry(this, action);
  }

  @Override
  public Clock clock() {
    return clock;
  }

  /**
   * Counts the timers that are armed.
   *
   * @return how many
   */
  public int armedCount() {
    return armedCount;
  }

  /**
   * Counts the timers that have expired.
   *
   * @return since the wheel was made
   */
  public long expiries() {
    return expiries;
  }

  /**
   * The time of the next useful call of {@link #expire}.
   *
   * @return nanoseconds from now, 0 if at once; {@link Long#MAX_VALUE} if nothing is armed
   */
  public long nextDelayNanos() {
    long next = nextTick();
    return next == NEVER ? NEVER : delayTo(next);
  }

  private long delayTo(long atTick) {
    return Math.max(0, (atTick << TICK_BITS) - (clock.nanoTime() - origin));
  }

  /** Runs the actions of all timers that are due. An action may arm and cancel timers. */
  public void expire() {
    if (expiring) {
      return;
    }
    wakeTick = NEVER;
    expiring = true;
    try {
      long present = (clock.nanoTime() - origin) >> TICK_BITS;
      while (true) {
        long next = nextTick();
        if (next > present) {
          tick = Math.max(tick, present);
          break;
        }
        tick = next;
        cascade();
        runSlot((int) tick & MASK);
      }
    } finally {
      expiring = false;
    }
    schedule(nextTick());
  }

  private void runSlot(int slot) {
    Entry head = slots[slot];
    while (head.next != head) {
      Entry entry = head.next;
      unlink(entry);
      expiries++;
      try {
        entry.action.run();
      } catch (RuntimeException | Error e) {
        failures.accept(e);
      }
    }
  }

  /** Moves down what higher levels hold for the present tick, highest first. */
  private void cascade() {
    for (int level = LEVELS - 1; level > 0; level--) {
      int shift = level * SLOT_BITS;
      if ((tick & ((1L << shift) - 1)) == 0) {
        Entry head = slots[level * SLOTS + ((int) (tick >>> shift) & MASK)];
        // One that is put back into the same slot (beyond the horizon) goes to the tail: stop
        // there.
        Entry last = head.previous;
        while (head.next != head) {
          Entry entry = head.next;
          unlink(entry);
          link(entry);
          if (entry == last) {
            break;
          }
        }
      }
    }
  }

  /** Finds the earliest tick at which a slot of any level is to be looked at. */
  private long nextTick() {
    long best = NEVER;
    for (int level = 0; level < LEVELS; level++) {
      int shift = level * SLOT_BITS;
      long base = tick >>> shift;
      // The lowest level may hold timers for this very tick while its slot runs; the higher ones
      // were emptied for it.
      int from = ((int) base + 1) & MASK;
      int distance = distance(level, from);
      if (distance >= 0) {
        best = Math.min(best, (base + 1 + distance) << shift);
      }
    }
    return best;
  }

  /** Counts the slots from one on, around the wheel, to the first that holds anything; or -1. */
  private int distance(int level, int from) {
    int words = SLOTS / Long.SIZE;
    int first = level * words;
    for (int i = 0; i <= words; i++) {
      int word = (from / Long.SIZE + i) % words;
      long bits = occupied[first + word];
      if (i == 0) {
        bits &= -1L << (from % Long.SIZE);
      } else if (i == words) {
        bits &= ~(-1L << (from % Long.SIZE));
      }
      if (bits != 0) {
        return (word * Long.SIZE + Long.numberOfTrailingZeros(bits) - from) & MASK;
      }
    }
    return -1;
  }

  private void arm(Entry entry, long delayNanos) {
    if (entry.slot >= 0) {
      unlink(entry);
    }
    long elapsed = clock.nanoTime() - origin;
    catchUp(elapsed >> TICK_BITS);
    long due = elapsed + Math.max(0, delayNanos);
    if (due < 0) { // beyond the end of time
      due = Long.MAX_VALUE;
    }
    // Rounded up, so that it is never early; never the tick that is running, so that an action
    // which arms itself for 0 does not hold the loop.
    entry.dueTick = Math.max(tick + 1, (due >>> TICK_BITS) + 1);
    link(entry);
    if (!expiring && entry.dueTick < wakeTick) {
      schedule(entry.dueTick);
    }
  }

  /** Lets the wheel turn to the present where that skips nothing, so that delays sort well. */
  private void catchUp(long present) {
    if (!expiring && present - tick >= SLOTS && nextTick() > present) {
      tick = present;
    }
  }

  private void schedule(long atTick) {
    if (atTick < wakeTick) {
      wakeTick = atTick;
      alarm.wakeIn(delayTo(atTick));
    }
  }

  private void link(Entry entry) {
    long ahead = Math.min(entry.dueTick - tick, HORIZON);
    int level = 0;
    while (ahead >>> ((level + 1) * SLOT_BITS) != 0) {
      level++;
    }
    long at = tick + ahead;
    int slot = level * SLOTS + ((int) (at >>> (level * SLOT_BITS)) & MASK);
    entry.slot = slot;
    Entry head = slots[slot];
    entry.previous = head.previous;
    entry.next = head;
    head.previous.next = entry;
    head.previous = entry;
    occupied[slot / Long.SIZE] |= 1L << (slot % Long.SIZE);
    armedCount++;
  }

  private void unlink(Entry entry) {
    entry.previous.next = entry.next;
    entry.next.previous = entry.previous;
    Entry head = slots[entry.slot];
    if (head.next == head) {
      occupied[entry.slot / Long.SIZE] &= ~(1L << (entry.slot % Long.SIZE));
    }
    entry.next = entry;
    entry.previous = entry;
    entry.slot = -1;
    armedCount--;
  }

  @Override
  public DumpNode dump() {
    return DumpNode.of("timers").with("armed", armedCount).with("expired", expiries).build();
  }

  /** A timer, and the link in its slot's list; also the head of such a list. */
  private static final class Entry implements Timer {
    private final TimerWheel wheel;
    private final Runnable action;
    private Entry previous = this;
    private Entry next = this;
    private long dueTick;
    private int slot = -1;

    Entry(TimerWheel wheel, Runnable action) {
      this.wheel = wheel;
      this.action = action;
    }

    @Override
    public void arm(long delayNanos) {
      wheel.arm(this, delayNanos);
    }

    @Override
    public void cancel() {
      if (slot >= 0) {
        wheel.unlink(this);
      }
    }

    @Override
    public boolean armed() {
      return slot >= 0;
    }
  }
}
