package io.lanyard.machine.device;

import io.lanyard.machine.bus.Device;
import java.util.List;

/**
 * The platform-level interrupt controller (RISC-V PLIC specification 1.0): wires in, one external
 * interrupt a context out. Context 2h is hart h in machine mode, 2h+1 in supervisor mode.
 *
 * <p>The gateways are level-triggered: a source is pending while its wire is high and nobody has
 * claimed it; after completion a wire that is still high is pending again. A wire that falls before
 * it is claimed takes its request back.
 */
public final class Plic implements Device {
  /** Number of sources, the source 0 that does not exist included. */
  public static final int SOURCES = 96;

  /** Size of the range. */
  public static final long SIZE = 0x60_0000;

  /** Highest priority. */
  public static final int MAX_PRIORITY = 7;

  private static final long PENDING = 0x1000;
  private static final long ENABLE = 0x2000;
  private static final long ENABLE_STRIDE = 0x80;
  private static final long CONTEXT = 0x20_0000;
  private static final long CONTEXT_STRIDE = 0x1000;
  private static final int WORDS = SOURCES / 32;

  private final int[] priority = new int[SOURCES];
  private final int[] level = new int[WORDS];
  private final int[] claimed = new int[WORDS];
  private final int[][] enable;
  private final int[] threshold;
  private final boolean[] raised;
  private final InterruptLine[] outputs;

  /**
   * Makes the controller.
   *
   * @param outputs one a context; called with this object's monitor held
   */
  public Plic(List<InterruptLine> outputs) {
    this.outputs = outputs.toArray(new InterruptLine[0]);
    this.enable = new int[outputs.size()][WORDS];
    this.threshold = new int[outputs.size()];
    this.raised = new boolean[outputs.size()];
  }

  /**
   * The wire of a source.
   *
   * @param source 1 to 95
   * @return the wire
   */
  public InterruptLine source(int source) {
    if (source < 1 || source >= SOURCES) {
      throw new IllegalArgumentException("no interrupt source " + source);
    }
    return high -> drive(source, high);
  }

  private synchronized void drive(int source, boolean high) {
    int word = source >> 5;
    int bit = 1 << source;
    int next = high ? level[word] | bit : level[word] & ~bit;
    if (next != level[word]) {
      level[word] = next;
      update();
    }
  }

  /** The pending, enabled source of the highest priority above a floor; the lowest number wins. */
  private int best(int context, int floor) {
    int best = 0;
    int bestPriority = floor;
    for (int word = 0; word < WORDS; word++) {
      int candidates = level[word] & ~claimed[word] & enable[context][word];
      while (candidates != 0) {
        int source = 32 * word + Integer.numberOfTrailingZeros(candidates);
        candidates &= candidates - 1;
        if (priority[source] > bestPriority) {
          best = source;
          bestPriority = priority[source];
        }
      }
    }
    return best;
  }

  private void update() {
    for (int context = 0; context < outputs.length; context++) {
      boolean raise = best(context, threshold[context]) != 0;
      if (raise != raised[context]) {
        raised[context] = raise;
        outputs[context].set(raise);
      }
    }
  }

  @Override
  public synchronized long read(long offset, int size) {
    if (size != 4) {
      return 0;
    }
    if (offset < PENDING) {
      int source = (int) (offset / 4);
      return source < SOURCES ? priority[source] : 0;
    }
    if (offset < ENABLE) {
      int word = (int) ((offset - PENDING) / 4);
      return word < WORDS ? level[word] & ~claimed[word] : 0;
    }
    if (offset < CONTEXT) {
      int context = (int) ((offset - ENABLE) / ENABLE_STRIDE);
      int word = (int) ((offset - ENABLE) % ENABLE_STRIDE / 4);
      return context < outputs.length && word < WORDS ? enable[context][word] : 0;
    }
    int context = (int) ((offset - CONTEXT) / CONTEXT_STRIDE);
    if (context >= outputs.length) {
      return 0;
    }
    return switch ((int) ((offset - CONTEXT) % CONTEXT_STRIDE)) {
      case 0 -> threshold[context];
      case 4 -> claim(context);
      default -> 0;
    };
  }

  /** Section 9: the threshold does not hold a claim back. */
  private int claim(int context) {
    int source = best(context, 0);
    if (source != 0) {
      claimed[source >> 5] |= 1 << source;
      update();
    }
    return source;
  }

  @Override
  public synchronized void write(long offset, int size, long value) {
    if (size != 4) {
      return;
    }
    if (offset < PENDING) {
      int source = (int) (offset / 4);
      if (source > 0 && source < SOURCES) {
        priority[source] = (int) value & MAX_PRIORITY;
      }
    } else if (offset >= CONTEXT) {
      int context = (int) ((offset - CONTEXT) / CONTEXT_STRIDE);
      if (context < outputs.length) {
        switch ((int) ((offset - CONTEXT) % CONTEXT_STRIDE)) {
          case 0 -> threshold[context] = (int) value & MAX_PRIORITY;
          case 4 -> complete(context, value);
          default -> {
            // Reserved.
          }
        }
      }
    } else if (offset >= ENABLE) {
      int context = (int) ((offset - ENABLE) / ENABLE_STRIDE);
      int word = (int) ((offset - ENABLE) % ENABLE_STRIDE / 4);
      if (context < outputs.length && word < WORDS) {
        enable[context][word] = word == 0 ? (int) value & ~1 : (int) value;
      }
    }
    update();
  }

  /** Section 10: a completion for a source that the context has not enabled is ignored. */
  private void complete(int context, long value) {
    if (value > 0 && value < SOURCES) {
      int source = (int) value;
      if ((enable[context][source >> 5] & 1 << source) != 0) {
        claimed[source >> 5] &= ~(1 << source);
      }
    }
  }
}
