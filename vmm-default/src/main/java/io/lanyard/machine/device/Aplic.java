package io.lanyard.machine.device;

import io.lanyard.machine.bus.Device;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The advanced platform-level interrupt controller (RISC-V Advanced Interrupt Architecture 1.0,
 * chapter 4): wires in, messages to the harts' interrupt files out.
 *
 * <p>There are two domains, machine level as the root and supervisor level as its only child, both
 * in MSI delivery mode for good. Where messages go is wired and locked, as section 4.5.3
 * recommends: no software can make the controller write anywhere else.
 *
 * <p>Thread: any; one monitor for both domains, inside which nothing but the interrupt files is
 * called.
 */
public final class Aplic {
  /** Number of sources, the source 0 that does not exist included. */
  public static final int SOURCES = 96;

  /** Size of a domain's range. */
  public static final long SIZE = 0x8000;

  private static final int WORDS = SOURCES / 32;

  private final Domain supervisor;
  private final Domain machine;
  private final int[] wires = new int[WORDS];

  /**
   * Makes the controller in reset: nothing is delegated, nothing is on.
   *
   * @param machine by hart number, the interrupt files of machine level; called with the monitor
   *     held
   * @param supervisor likewise, of supervisor level
   */
  public Aplic(List<IntConsumer> machine, List<IntConsumer> supervisor) {
    this.supervisor = new Domain(supervisor, null);
    this.machine = new Domain(machine, this.supervisor);
  }

  /**
   * The root domain, of machine level.
   *
   * @return a device of {@link #SIZE} bytes
   */
  public Device machine() {
    return machine;
  }

  /**
   * The supervisor's domain.
   *
   * @return a device of {@link #SIZE} bytes
   */
  public Device supervisor() {
    return supervisor;
  }

  /** Gives all sources to the supervisor's domain, as firmware does before it starts a kernel. */
  public void delegateAll() {
    for (int source = 1; source < SOURCES; source++) {
      machine.write(Domain.SOURCE_CONFIG + 4L * (source - 1), 4, Domain.DELEGATE);
    }
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
    int next = high ? wires[word] | bit : wires[word] & ~bit;
    if (next != wires[word]) {
      wires[word] = next;
      machine.wireChanged(source);
      supervisor.wireChanged(source);
    }
  }

  private boolean wire(int source) {
    return (wires[source >> 5] & 1 << source) != 0;
  }

  /** One interrupt domain: section 4.5. */
  private final class Domain implements Device {
    static final int SOURCE_CONFIG = 0x0004;
    static final int DELEGATE = 1 << 10;
    private static final int SOURCE_CONFIG_END = 0x1000;
    private static final int MACHINE_MSI_ADDRESS_HIGH = 0x1bc4;
    private static final int SET_PENDING = 0x1c00;
    private static final int SET_PENDING_NUMBER = 0x1cdc;
    private static final int CLEAR_PENDING = 0x1d00;
    private static final int CLEAR_PENDING_NUMBER = 0x1ddc;
    private static final int SET_ENABLE = 0x1e00;
    private static final int SET_ENABLE_NUMBER = 0x1edc;
    private static final int CLEAR_ENABLE = 0x1f00;
    private static final int CLEAR_ENABLE_NUMBER = 0x1fdc;
    private static final int SET_PENDING_NUMBER_LITTLE = 0x2000;
    private static final int GENERATE = 0x3000;
    private static final int TARGET = 0x3004;
    private static final int TARGET_END = 0x4000;

    /** Bits 31 to 24 are for finding out the byte order; MSI delivery mode is all there is. */
    private static final int DOMAIN_CONFIG = 0x8000_0004;

    private static final int INTERRUPT_ENABLE = 1 << 8;
    private static final int LOCKED = 1 << 31;
    private static final int HART_SHIFT = 18;
    private static final int IDENTITY = 0x7ff;
    private static final int TARGET_WRITABLE = -1 << HART_SHIFT | IDENTITY;

    // Source modes.
    private static final int INACTIVE = 0;
    private static final int DETACHED = 1;
    private static final int EDGE_RISING = 4;
    private static final int EDGE_FALLING = 5;
    private static final int LEVEL_HIGH = 6;
    private static final int LEVEL_LOW = 7;

    private final IntConsumer[] files;
    private final @Nullable Domain child;
    private final int[] config = new int[SOURCES];
    private final int[] target = new int[SOURCES];
    private final int[] pending = new int[WORDS];
    private final int[] enabled = new int[WORDS];

    /** Rectified inputs, as last seen. */
    private final int[] inputs = new int[WORDS];

    private boolean on;
    private int generated;

    Domain(List<IntConsumer> files, @Nullable Domain child) {
      this.files = files.toArray(new IntConsumer[0]);
      this.child = child;
    }

    /** Whether sources come to this domain at all: to the root all, to its child some. */
    private boolean has(int source) {
      return source > 0
          && source < SOURCES
          && (this == machine || machine.config[source] == DELEGATE);
    }

    private boolean active(int source) {
      return has(source) && config[source] != INACTIVE && config[source] != DELEGATE;
    }

    private boolean levelSensitive(int source) {
      return config[source] >= LEVEL_HIGH;
    }

    /** The wire, turned over where a low one means an interrupt. */
    private boolean rectified(int source) {
      if (!active(source) || config[source] == DETACHED) {
        return false;
      }
      boolean inverted = config[source] == EDGE_FALLING || config[source] == LEVEL_LOW;
      return wire(source) != inverted;
    }

    private static boolean get(int[] bits, int source) {
      return (bits[source >> 5] & 1 << source) != 0;
    }

    private static void set(int[] bits, int source, boolean value) {
      if (value) {
        bits[source >> 5] |= 1 << source;
      } else {
        bits[source >> 5] &= ~(1 << source);
      }
    }

    /** Section 4.7: what a wire does to the pending bit. */
    void wireChanged(int source) {
      boolean before = get(inputs, source);
      boolean now = rectified(source);
      set(inputs, source, now);
      if (now && !before) {
        set(pending, source, true);
        forward(source);
      } else if (!now && active(source) && levelSensitive(source)) {
        set(pending, source, false);
      }
    }

    /** Section 4.9: a message is sent once for each time that the pending bit is set. */
    private void forward(int source) {
      if (on && get(pending, source) && get(enabled, source)) {
        set(pending, source, false);
        send(target[source]);
      }
    }

    private void send(int where) {
      int hart = where >>> HART_SHIFT;
      if (hart < files.length) {
        files[hart].accept(where & IDENTITY);
      }
    }

    private void forwardAll() {
      for (int source = 1; source < SOURCES; source++) {
        forward(source);
      }
    }

    private void configure(int source, int value) {
      if (!has(source)) {
        return;
      }
      int mode = value & 7;
      boolean known = mode == DETACHED || mode >= EDGE_RISING;
      int next = known ? mode : INACTIVE;
      if ((value & DELEGATE) != 0) {
        next = child == null ? INACTIVE : DELEGATE; // a leaf's register becomes 0
      }
      boolean wasDelegated = config[source] == DELEGATE;
      config[source] = next;
      if (!active(source)) {
        silence(source);
      }
      set(inputs, source, rectified(source));
      if (active(source) && levelSensitive(source) && rectified(source)) {
        set(pending, source, true);
        forward(source);
      }
      if (child != null && wasDelegated && next != DELEGATE) {
        child.config[source] = INACTIVE;
        child.silence(source);
        set(child.inputs, source, false);
      }
    }

    private void silence(int source) {
      set(pending, source, false);
      set(enabled, source, false);
      target[source] = 0;
    }

    /** By software: of a level-sensitive source only while its input is high. */
    private void setPending(int source) {
      if (active(source) && (!levelSensitive(source) || rectified(source))) {
        set(pending, source, true);
        forward(source);
      }
    }

    private void clearPending(int source) {
      if (active(source)) {
        set(pending, source, false);
      }
    }

    private void enable(int source, boolean value) {
      if (active(source)) {
        set(enabled, source, value);
        forward(source);
      }
    }

    @Override
    public long read(long offset, int size) {
      if (size != 4) {
        return 0;
      }
      int at = (int) offset;
      synchronized (Aplic.this) {
        if (at >= SOURCE_CONFIG && at < SOURCE_CONFIG_END) {
          int source = at / 4;
          return source < SOURCES ? config[source] : 0;
        }
        if (at >= TARGET && at < TARGET_END) {
          int source = (at - GENERATE) / 4;
          return source < SOURCES ? target[source] : 0;
        }
        return switch (at) {
          case 0 -> DOMAIN_CONFIG | (on ? INTERRUPT_ENABLE : 0);
          case MACHINE_MSI_ADDRESS_HIGH -> this == machine ? LOCKED : 0;
          case GENERATE -> generated;
          default -> word(at);
        };
      }
    }

    private int word(int at) {
      int number = (at & 0xff) / 4;
      if (number >= WORDS) {
        return 0;
      }
      return switch (at & ~0xff) {
        case SET_PENDING -> pending[number];
        case CLEAR_PENDING -> inputs[number];
        case SET_ENABLE -> enabled[number];
        default -> 0;
      };
    }

    @Override
    public void write(long offset, int size, long value) {
      if (size != 4) {
        return;
      }
      int at = (int) offset;
      int word = (int) value;
      synchronized (Aplic.this) {
        if (at >= SOURCE_CONFIG && at < SOURCE_CONFIG_END) {
          configure(at / 4, word);
        } else if (at >= TARGET && at < TARGET_END) {
          int source = (at - GENERATE) / 4;
          if (active(source)) {
            target[source] = word & TARGET_WRITABLE;
          }
        } else {
          command(at, word);
        }
      }
    }

    private void command(int at, int value) {
      switch (at) {
        case 0 -> {
          on = (value & INTERRUPT_ENABLE) != 0;
          forwardAll();
        }
        case SET_PENDING_NUMBER, SET_PENDING_NUMBER_LITTLE -> setPending(value);
        case CLEAR_PENDING_NUMBER -> clearPending(value);
        case SET_ENABLE_NUMBER -> enable(value, true);
        case CLEAR_ENABLE_NUMBER -> enable(value, false);
        case GENERATE -> {
          // Gone before the store is over, so it is never seen busy.
          generated = value & TARGET_WRITABLE;
          send(generated);
        }
        default -> bits(at, value);
      }
    }

    private void bits(int at, int value) {
      int number = (at & 0xff) / 4;
      if (number >= WORDS) {
        return;
      }
      for (int left = value; left != 0; left &= left - 1) {
        int source = 32 * number + Integer.numberOfTrailingZeros(left);
        switch (at & ~0xff) {
          case SET_PENDING -> setPending(source);
          case CLEAR_PENDING -> clearPending(source);
          case SET_ENABLE -> enable(source, true);
          case CLEAR_ENABLE -> enable(source, false);
          default -> {
            // Reserved.
          }
        }
      }
    }
  }
}
