package io.lanyard.machine.hart;

/** Instructions on integer registers that are too rare for the interpreter's own method. */
final class SlowOps {
  private SlowOps() {}

  /** Executes one; false if there is an exception to take. */
  static boolean execute(Core core, long op) {
    int number = (int) (op >>> 8) & 0xff;
    int instruction = (int) (op >>> 32);
    int rd = (int) (op >>> 16) & 127;
    long a = core.x[(instruction >>> 15) & 31];
    long b = core.x[(instruction >>> 20) & 31];
    switch (number) {
      case Op.MULH -> core.x[rd] = Math.multiplyHigh(a, b);
      case Op.MULHSU -> core.x[rd] = Math.multiplyHigh(a, b) + (b < 0 ? a : 0);
      case Op.DIV -> core.x[rd] = b == 0 ? -1 : a / b;
      case Op.DIVU -> core.x[rd] = b == 0 ? -1 : Long.divideUnsigned(a, b);
      case Op.REM -> core.x[rd] = b == 0 ? a : a % b;
      case Op.REMU -> core.x[rd] = b == 0 ? a : Long.remainderUnsigned(a, b);
      case Op.DIVW -> core.x[rd] = (int) b == 0 ? -1 : (int) a / (int) b;
      case Op.DIVUW -> core.x[rd] = (int) b == 0 ? -1 : Integer.divideUnsigned((int) a, (int) b);
      case Op.REMW -> core.x[rd] = (int) b == 0 ? (int) a : (int) a % (int) b;
      case Op.REMUW ->
          core.x[rd] = (int) b == 0 ? (int) a : Integer.remainderUnsigned((int) a, (int) b);
      case Op.ORN -> core.x[rd] = a | ~b;
      case Op.XNOR -> core.x[rd] = ~(a ^ b);
      case Op.CLZ -> core.x[rd] = Long.numberOfLeadingZeros(a);
      case Op.CPOP -> core.x[rd] = Long.bitCount(a);
      case Op.CLZW -> core.x[rd] = Integer.numberOfLeadingZeros((int) a);
      case Op.CTZW -> core.x[rd] = Integer.numberOfTrailingZeros((int) a);
      case Op.CPOPW -> core.x[rd] = Integer.bitCount((int) a);
      case Op.ROL -> core.x[rd] = Long.rotateLeft(a, (int) b);
      case Op.ROR -> core.x[rd] = Long.rotateRight(a, (int) b);
      case Op.ROLW -> core.x[rd] = Integer.rotateLeft((int) a, (int) b);
      case Op.RORW -> core.x[rd] = Integer.rotateRight((int) a, (int) b);
      case Op.RORIW -> core.x[rd] = Integer.rotateRight((int) a, instruction >>> 20);
      case Op.ORC_B -> core.x[rd] = orCombine(a);
      case Op.REV8 -> core.x[rd] = Long.reverseBytes(a);
      case Op.BCLR -> core.x[rd] = a & ~(1L << b);
      case Op.BEXT -> core.x[rd] = (a >>> b) & 1;
      case Op.BINV -> core.x[rd] = a ^ 1L << b;
      case Op.BINVI -> core.x[rd] = a ^ 1L << (instruction >>> 20);
      case Op.BSET -> core.x[rd] = a | 1L << b;
      case Op.CLMUL -> core.x[rd] = carryless(a, b);
      case Op.CLMULH -> core.x[rd] = carrylessHigh(a, b);
      case Op.CLMULR -> core.x[rd] = carrylessHigh(a, b) << 1 | carryless(a, b) >>> 63;
      case Op.CZERO_EQZ -> core.x[rd] = b == 0 ? 0 : a;
      case Op.CZERO_NEZ -> core.x[rd] = b != 0 ? 0 : a;
      default -> {
        return AtomicOps.execute(core, number, instruction, rd, a, b);
      }
    }
    return true;
  }

  private static long orCombine(long a) {
    long ones = a | (a >>> 4 & 0x0f0f_0f0f_0f0f_0f0fL);
    ones |= (ones >>> 2) & 0x3f3f_3f3f_3f3f_3f3fL;
    ones |= (ones >>> 1) & 0x7f7f_7f7f_7f7f_7f7fL;
    return (ones & 0x0101_0101_0101_0101L) * 0xff;
  }

  private static long carryless(long a, long b) {
    long product = 0;
    for (long rest = b; rest != 0; rest &= rest - 1) {
      product ^= a << Long.numberOfTrailingZeros(rest);
    }
    return product;
  }

  private static long carrylessHigh(long a, long b) {
    long product = 0;
    for (long rest = b & -2; rest != 0; rest &= rest - 1) {
      product ^= a >>> (64 - Long.numberOfTrailingZeros(rest));
    }
    return product;
  }
}
