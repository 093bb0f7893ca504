package io.lanyard.vswitch.capture;

import io.netty.buffer.ByteBuf;

/**
 * Tells which frames a capture takes: a program of classic BPF, as libpcap compiles it from an
 * expression, run over each frame where it lies.
 *
 * <p>Calling libpcap for each frame would cost 2 us; this costs some nanoseconds an instruction. A
 * program is checked once: each jump leads forward and inside, so that it ends; each cell of its
 * memory exists. A load outside the frame ends it with "no", as in the kernel (net/core/filter.c).
 *
 * <p>Thread: the network's loop; the constructor any. One filter is for one capture.
 */
public final class FrameFilter {
  /** The kernel takes no longer program (BPF_MAXINSNS). */
  private static final int LONGEST = 4096;

  private static final int CELLS = 16;

  // The classes of instructions, and their parts (linux/bpf_common.h).
  private static final int LD = 0x00;
  private static final int LDX = 0x01;
  private static final int ST = 0x02;
  private static final int STX = 0x03;
  private static final int ALU = 0x04;
  private static final int JMP = 0x05;
  private static final int RET = 0x06;
  private static final int MISC = 0x07;
  private static final int CLASS = 0x07;
  private static final int X_OPERAND = 0x08;
  private static final int TAX = 0x00;
  private static final int TXA = 0x80;
  private static final int RET_A = 0x16;
  private static final int JA = 0x05;

  private final int[] codes;
  private final int[] ifTrue;
  private final int[] ifFalse;
  private final int[] operands;
  private final int[] memory = new int[CELLS];

  /**
   * Takes a program.
   *
   * @param program its instructions, as {@link io.lanyard.vswitch.pcap.PcapLibrary#compile} gives
   *     them
   * @throws IllegalArgumentException if it might not end, or has an instruction that there is not
   */
  public FrameFilter(long... program) {
    int count = program.length;
    if (count == 0 || count > LONGEST) {
      throw new IllegalArgumentException("a filter has 1 to " + LONGEST + " instructions");
    }
    codes = new int[count];
    ifTrue = new int[count];
    ifFalse = new int[count];
    operands = new int[count];
    for (int i = 0; i < count; i++) {
      codes[i] = (int) program[i] & 0xffff;
      ifTrue[i] = (int) (program[i] >>> 16) & 0xff;
      ifFalse[i] = (int) (program[i] >>> 24) & 0xff;
      operands[i] = (int) (program[i] >>> 32);
      check(i);
    }
    if ((codes[count - 1] & CLASS) != RET) {
      throw new IllegalArgumentException("the filter does not end");
    }
  }

  private void check(int i) {
    int last = codes.length - 1;
    int code = codes[i];
    int operand = operands[i];
    boolean known =
        switch (code & CLASS) {
          case LD ->
              switch (code) {
                case 0x00, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x80 -> true;
                case 0x60 -> isCell(operand);
                default -> false;
              };
          case LDX ->
              switch (code) {
                case 0x01, 0x81, 0xb1 -> true;
                case 0x61 -> isCell(operand);
                default -> false;
              };
          case ST -> code == ST && isCell(operand);
          case STX -> code == STX && isCell(operand);
          case ALU -> isArithmetic(code, operand);
          case JMP ->
              code == JA
                  ? operand >= 0 && operand < last - i
                  : (code & 0xf0) != 0
                      && code <= 0x4d
                      && i + 1 + Math.max(ifTrue[i], ifFalse[i]) <= last;
          case RET -> code == RET || code == RET_A;
          default -> code == (MISC | TAX) || code == (MISC | TXA);
        };
    if (!known) {
      throw new IllegalArgumentException(
          "instruction %d of the filter is none: code 0x%x, operand %d"
              .formatted(i, code, operand));
    }
  }

  private static boolean isCell(int operand) {
    return operand >= 0 && operand < CELLS;
  }

  private static boolean isArithmetic(int code, int operand) {
    int operation = code & 0xf0;
    boolean divides = operation == 0x30 || operation == 0x90;
    return code <= 0xff
        && operation <= 0xa0
        && !(divides && (code & X_OPERAND) == 0 && operand == 0);
  }

  /**
   * Whether a frame is taken.
   *
   * @param frame a buffer with the frame, which is not changed
   * @param at where the Ethernet header is
   * @param length the frame's bytes
   * @return what the program says
   */
  boolean matches(ByteBuf frame, int at, int length) {
    int a = 0;
    int x = 0;
    for (int i = 0; ; i++) {
      int code = codes[i];
      int k = operands[i];
      switch (code & CLASS) {
        case LD -> {
          switch (code) {
            case 0x00 -> a = k;
            case 0x60 -> a = memory[k];
            case 0x80 -> a = length;
            default -> {
              long place = (k & 0xffff_ffffL) + ((code & 0x40) == 0 ? 0 : x & 0xffff_ffffL);
              int size = (code & 0x18) == 0 ? 4 : (code & 0x18) == 0x08 ? 2 : 1;
              if (place > length - size) {
                return false;
              }
              int index = at + (int) place;
              a =
                  switch (size) {
                    case 4 -> frame.getInt(index);
                    case 2 -> frame.getUnsignedShort(index);
                    default -> frame.getUnsignedByte(index);
                  };
            }
          }
        }
        case LDX -> {
          switch (code) {
            case 0x01 -> x = k;
            case 0x61 -> x = memory[k];
            case 0x81 -> x = length;
            default -> { // the length of an IPv4 header (BPF_MSH)
              if ((k & 0xffff_ffffL) >= length) {
                return false;
              }
              x = (frame.getByte(at + k) & 0xf) << 2;
            }
          }
        }
        case ST -> memory[k] = a;
        case STX -> memory[k] = x;
        case ALU -> {
          int operand = (code & X_OPERAND) == 0 ? k : x;
          int operation = code & 0xf0;
          if (operand == 0 && (operation == 0x30 || operation == 0x90)) {
            return false; // divided by zero
          }
          a = arithmetic(operation, a, operand);
        }
        case JMP -> {
          if (code == JA) {
            i += k;
          } else {
            i += jumps(code & 0xf0, a, (code & X_OPERAND) == 0 ? k : x) ? ifTrue[i] : ifFalse[i];
          }
        }
        case RET -> {
          return (code == RET_A ? a : k) != 0;
        }
        default -> {
          if ((code & TXA) == 0) {
            x = a;
          } else {
            a = x;
          }
        }
      }
    }
  }

  private static int arithmetic(int operation, int a, int operand) {
    return switch (operation) {
      case 0x00 -> a + operand;
      case 0x10 -> a - operand;
      case 0x20 -> a * operand;
      case 0x30 -> Integer.divideUnsigned(a, operand);
      case 0x40 -> a | operand;
      case 0x50 -> a & operand;
      case 0x60 -> operand >= 0 && operand < 32 ? a << operand : 0;
      case 0x70 -> operand >= 0 && operand < 32 ? a >>> operand : 0;
      case 0x80 -> -a;
      case 0x90 -> Integer.remainderUnsigned(a, operand);
      default -> a ^ operand;
    };
  }

  private static boolean jumps(int operation, int a, int operand) {
    return switch (operation) {
      case 0x10 -> a == operand;
      case 0x20 -> Integer.compareUnsigned(a, operand) > 0;
      case 0x30 -> Integer.compareUnsigned(a, operand) >= 0;
      default -> (a & operand) != 0;
    };
  }
}
