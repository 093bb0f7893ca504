package io.lanyard.machine.hart;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * One interrupt file of an IMSIC (RISC-V Advanced Interrupt Architecture 1.0, chapter 3): which
 * interrupt identities are pending, which are enabled, and whether that reaches the hart.
 *
 * <p>A message sets one pending bit, and the hart's external interrupt if the bit is enabled; no
 * lock is taken and nothing waits. Each side writes its own word first and then reads the other's
 * (the sender: pending, then enabled; the hart: enabled, then pending), so one of them always sees
 * both and no interrupt is lost between them.
 *
 * <p>Thread: {@link #signal} by any; the rest by the hart's own.
 */
public final class InterruptFile {
  /** Number of identities, 1 to this: what QEMU's {@code virt} board has. */
  public static final int IDENTITIES = 255;

  /** Register number (of siselect or miselect): whether interrupts are delivered. */
  static final int DELIVERY = 0x70;

  /** Register number: only identities below are delivered, if not 0. */
  static final int THRESHOLD = 0x72;

  /** Register number of the first pending bits. */
  static final int PENDING = 0x80;

  /** Register number of the first enable bits. */
  static final int ENABLED = 0xc0;

  /** Register number of the last enable bits. */
  static final int LAST = 0xff;

  private static final int WORDS = (IDENTITIES + 1) / Long.SIZE;
  private static final int IDENTITY_SHIFT = 16;

  private final Interrupts interrupts;
  private final int bit;
  private final AtomicLongArray pending = new AtomicLongArray(WORDS);
  private final AtomicLongArray enabled = new AtomicLongArray(WORDS);

  /** The first identity that is not delivered: 0 while delivery is off. */
  private final AtomicInteger limit = new AtomicInteger();

  private int threshold;
  private boolean delivery;

  /**
   * Makes a file.
   *
   * @param interrupts of the hart
   * @param bit the external interrupt that the file drives there
   */
  InterruptFile(Interrupts interrupts, int bit) {
    this.interrupts = interrupts;
    this.bit = bit;
  }

  /** Section 3.4: all state is unspecified after reset; ours is off and empty. */
  void reset() {
    for (int word = 0; word < WORDS; word++) {
      enabled.set(word, 0);
      pending.set(word, 0);
    }
    threshold = 0;
    delivery = false;
    settle();
  }

  /**
   * Receives a message. Any thread; does not block.
   *
   * @param identity its data; one that does not exist is ignored
   */
  public void signal(int identity) {
    if (identity < 1 || identity > IDENTITIES) {
      return;
    }
    int word = identity / Long.SIZE;
    long mask = 1L << identity;
    long before = pending.getAndAccumulate(word, mask, (old, more) -> old | more);
    if ((before & mask) == 0 && (enabled.get(word) & mask) != 0 && identity < limit.get()) {
      interrupts.set(bit, true);
    }
  }

  /** The value of stopei or mtopei: the pending and enabled identity of the lowest number, or 0. */
  int top() {
    int identity = first();
    return identity == 0 || (threshold != 0 && identity >= threshold)
        ? 0
        : identity << IDENTITY_SHIFT | identity;
  }

  private int first() {
    for (int word = 0; word < WORDS; word++) {
      long candidates = pending.get(word) & enabled.get(word);
      if (candidates != 0) {
        return word * Long.SIZE + Long.numberOfTrailingZeros(candidates);
      }
    }
    return 0;
  }

  /**
   * Claims what a read of stopei or mtopei gave: its pending bit is cleared.
   *
   * @param top as read by the same instruction; of an instruction that did not read, {@link #top}
   */
  void claim(int top) {
    int identity = top >>> IDENTITY_SHIFT;
    if (identity >= 1 && identity <= IDENTITIES) {
      long mask = ~(1L << identity);
      pending.getAndAccumulate(identity / Long.SIZE, mask, (old, kept) -> old & kept);
      settle();
    }
  }

  /** Whether a register exists: with 64 bits, those of odd number do not. */
  static boolean exists(int register) {
    return register >= DELIVERY && register <= LAST && (register < PENDING || (register & 1) == 0);
  }

  /** Reads a register that {@link #exists}. */
  long read(int register) {
    if (register >= ENABLED) {
      return word(enabled, register - ENABLED);
    }
    if (register >= PENDING) {
      return word(pending, register - PENDING);
    }
    return switch (register) {
      case DELIVERY -> delivery ? 1 : 0;
      case THRESHOLD -> threshold;
      default -> 0; // reserved: section 3.7
    };
  }

  private static long word(AtomicLongArray words, int number) {
    return number / 2 < WORDS ? words.get(number / 2) : 0;
  }

  /**
   * Writes a register that {@link #exists}.
   *
   * @param value what to write
   * @param seen what the same instruction read, or all ones: a pending bit that was set since then
   *     is not cleared, for nobody has seen it
   * @param altered the bits that the instruction means
   */
  void write(int register, long value, long seen, long altered) {
    if (register >= ENABLED) {
      int word = (register - ENABLED) / 2;
      if (word < WORDS) {
        enabled.set(word, value & implemented(word));
      }
    } else if (register >= PENDING) {
      int word = (register - PENDING) / 2;
      if (word < WORDS) {
        long raised = altered & value & implemented(word);
        long dropped = altered & ~value & seen;
        pending.getAndUpdate(word, old -> (old & ~dropped) | raised);
      }
    } else if (register == DELIVERY) {
      delivery = (value & 1) != 0;
    } else if (register == THRESHOLD) {
      threshold = (int) value & IDENTITIES;
    }
    settle();
  }

  /** There is no identity 0. */
  private static long implemented(int word) {
    return word == 0 ? ~1L : ~0L;
  }

  /** Brings the hart's interrupt in line with the file. */
  private void settle() {
    limit.set(!delivery ? 0 : threshold == 0 ? IDENTITIES + 1 : threshold);
    if (!delivery || top() == 0) {
      interrupts.set(bit, false);
    }
    // Again, for a message may have come after the look and before the wire fell.
    if (delivery && top() != 0) {
      interrupts.set(bit, true);
    }
  }
}
