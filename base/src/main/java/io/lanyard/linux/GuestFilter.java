package io.lanyard.linux;

import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The filter of a packet socket: a program of classic BPF (linux/filter.h) that drops, before they
 * are copied, the frames that no guest behind the socket wants.
 *
 * <pre>
 *   not on the VLAN, where one is wanted                    drop
 *   for the host itself (PACKET_HOST)                       drop, unless guests share its address
 *   sent by the host (PACKET_OUTGOING), not to a group,
 *     and not to a guest that has sent by the socket        drop
 *   all else                                                take
 * </pre>
 *
 * <p>A host cannot know a guest's address before it has heard the guest, so that the sources of
 * what the socket sends are the guests. An address stays, as the host may know it for long. Each
 * costs the frames that the host sends an instruction: beyond {@value #MOST} of them, as a hostile
 * guest may claim, the filter takes all that the host sends.
 *
 * <p>Thread: one at a time.
 */
final class GuestFilter {
  /** Guests behind an uplink, and some. */
  static final int MOST = 64;

  /** Four times as many: few addresses share one. */
  private static final int CELLS = 4 * MOST;

  private static final int SHIFT = 64 - Integer.numberOfTrailingZeros(CELLS);

  /** Beside a frame's bytes: SKF_AD_OFF and SKF_AD_PKTTYPE. */
  private static final int PACKET_TYPE = 0xfffff004;

  private static final int PACKET_HOST = 0;
  private static final int PACKET_OUTGOING = 4;

  /** Beside a frame's bytes, too: whether the kernel has taken a tag out, and its content. */
  private static final int TAG_PRESENT = 0xfffff000 + 48;

  private static final int TAG = 0xfffff000 + 44;
  private static final int TYPE = 12;
  private static final int TAG_IN_FRAME = 14;
  private static final int TYPE_VLAN = 0x8100;
  private static final int VID = 0xfff;

  // Instructions.
  private static final int LOAD_WORD = 0x20;
  private static final int LOAD_HALF = 0x28;
  private static final int LOAD_BYTE = 0x30;
  private static final int AND = 0x54;
  private static final int JUMP = 0x05;
  private static final int JUMP_IF_EQUAL = 0x15;
  private static final int JUMP_IF_SET = 0x45;
  private static final int RETURN = 0x06;
  private static final int WHOLE_FRAME = -1;
  private static final int NOTHING = 0;

  /** Bytes of an address that a half-word, and then a word, have. */
  private static final int LOW_WORD = 2;

  private final boolean withHost;
  private final int vlan;
  private final long multiplier;
  private final long[] cells = new long[CELLS];
  private final long[] macs = new long[MOST];
  private int count;
  private boolean isFull;

  /**
   * Makes one without guests.
   *
   * @param withHost whether frames for the host itself are taken, too
   * @param vlan the VLAN whose frames alone are taken; 0 for all
   */
  GuestFilter(boolean withHost, int vlan) {
    this.withHost = withHost;
    this.vlan = vlan;
    multiplier = new SecureRandom().nextLong() | 1;
  }

  /**
   * Takes a guest's address in.
   *
   * @param mac the low 48 bits
   * @return whether the {@link #program} has changed
   */
  boolean add(long mac) {
    if (isFull) {
      return false;
    }
    // An address of zero is nobody's, so that an empty cell has it.
    int cell = (int) ((mac * multiplier) >>> SHIFT);
    while (cells[cell] != mac && cells[cell] != 0) {
      cell = cell + 1 & CELLS - 1;
    }
    if (cells[cell] == mac) {
      return false;
    }
    if (count == MOST) {
      isFull = true;
      return true;
    }
    cells[cell] = mac;
    macs[count++] = mac;
    return true;
  }

  /** The program for what there is now: instructions as {@code struct sock_filter} has them. */
  long[] program() {
    long[] guests = ofGuests();
    if (vlan == 0) {
      return guests;
    }
    long[] first = {
      instruction(LOAD_BYTE, 0, 0, TAG_PRESENT),
      instruction(JUMP_IF_EQUAL, 2, 0, 0),
      instruction(LOAD_WORD, 0, 0, TAG),
      instruction(JUMP, 0, 0, 3),
      // Nobody has taken the tag out, as of what the host sends by an interface that cannot.
      instruction(LOAD_HALF, 0, 0, TYPE),
      instruction(JUMP_IF_EQUAL, 0, 3, TYPE_VLAN),
      instruction(LOAD_HALF, 0, 0, TAG_IN_FRAME),
      instruction(AND, 0, 0, VID),
      instruction(JUMP_IF_EQUAL, 1, 0, vlan),
      instruction(RETURN, 0, 0, NOTHING)
    };
    long[] program = Arrays.copyOf(first, first.length + guests.length);
    System.arraycopy(guests, 0, program, first.length, guests.length);
    return program;
  }

  private long[] ofGuests() {
    int forHost = withHost ? WHOLE_FRAME : NOTHING;
    if (isFull) {
      return new long[] {
        instruction(LOAD_BYTE, 0, 0, PACKET_TYPE),
        instruction(JUMP_IF_EQUAL, 0, 1, PACKET_HOST),
        instruction(RETURN, 0, 0, forHost),
        instruction(RETURN, 0, 0, WHOLE_FRAME)
      };
    }
    long[] program = new long[9 + 5 * count];
    int at = 0;
    program[at++] = instruction(LOAD_BYTE, 0, 0, PACKET_TYPE);
    program[at++] = instruction(JUMP_IF_EQUAL, 0, 1, PACKET_HOST);
    program[at++] = instruction(RETURN, 0, 0, forHost);
    program[at++] = instruction(JUMP_IF_EQUAL, 1, 0, PACKET_OUTGOING);
    program[at++] = instruction(RETURN, 0, 0, WHOLE_FRAME);
    program[at++] = instruction(LOAD_BYTE, 0, 0, 0);
    program[at++] = instruction(JUMP_IF_SET, count == 0 ? 1 : 0, count == 0 ? 0 : 1, 1);
    if (count == 0) {
      program[at++] = instruction(RETURN, 0, 0, NOTHING);
      program[at] = instruction(RETURN, 0, 0, WHOLE_FRAME);
      return program;
    }
    program[at++] = instruction(RETURN, 0, 0, WHOLE_FRAME);
    program[at++] = instruction(LOAD_WORD, 0, 0, LOW_WORD);
    for (int i = 0; i < count; i++) {
      boolean last = i == count - 1;
      program[at++] = instruction(JUMP_IF_EQUAL, 0, last ? 3 : 4, (int) macs[i]);
      program[at++] = instruction(LOAD_HALF, 0, 0, 0);
      program[at++] = instruction(JUMP_IF_EQUAL, 0, 1, (int) (macs[i] >>> 32));
      program[at++] = instruction(RETURN, 0, 0, WHOLE_FRAME);
      program[at++] =
          last ? instruction(RETURN, 0, 0, NOTHING) : instruction(LOAD_WORD, 0, 0, LOW_WORD);
    }
    return program;
  }

  private static long instruction(int code, int ifTrue, int ifFalse, int operand) {
    return code | (long) ifTrue << 16 | (long) ifFalse << 24 | (long) operand << 32;
  }
}
