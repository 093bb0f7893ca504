package io.lanyard.machine.hart;

import io.lanyard.machine.hart.SoftFloat.Format;

/**
 * The F and D extensions.
 *
 * <p>The host adds, multiplies, divides and takes roots to nearest even exactly as the guest would;
 * what it does not tell are the flags. So: if the result is an ordinary number, well away from
 * overflow and underflow, then the only flag is NX; and that is either set already, or a residual,
 * which is exact, tells. Everything else goes to {@link SoftFloat}.
 */
@SuppressWarnings("UnnecessaryLongToIntConversion") // the sign extension of a word is meant
final class FloatOps {
  private static final long BOX = 0xffff_ffff_0000_0000L;
  private static final int SINGLE_NAN = 0x7fc0_0000;

  private FloatOps() {}

  /** Executes one; false if there is an exception to take. */
  static boolean execute(Core core, long op) {
    Csrs csrs = core.csrs;
    int number = (int) (op >>> 8) & 0xff;
    int instruction = (int) (op >>> 32);
    if (csrs.floatsOff()) {
      return core.illegal(instruction);
    }
    int mode = (instruction >>> 12) & 7;
    if (mode >= 5 && usesMode(number)) {
      mode = mode == 7 ? csrs.frm : mode;
      if (mode >= 5) {
        return core.illegal(instruction);
      }
    }
    csrs.floatsDirty();
    if (number >= Op.FMADD_D && number <= Op.FDIV_D) {
      if (mode == SoftFloat.RNE && quick(core, number, instruction)) {
        return true;
      }
    } else if (number >= Op.FMADD_S && number <= Op.FDIV_S) {
      if (mode == SoftFloat.RNE && quickSingle(core, number, instruction)) {
        return true;
      }
    }
    SoftFloat soft = core.soft;
    soft.mode = mode;
    soft.flags = 0;
    if (number <= Op.FCVT_S_LU) {
      single(core, soft, number, instruction);
    } else {
      twice(core, soft, number, instruction);
    }
    csrs.fflags |= soft.flags;
    return true;
  }

  private static boolean usesMode(int number) {
    return switch (InstructionSet.format(number)) {
      case FR, FU, R4 -> true;
      default -> false;
    };
  }

  /** Double arithmetic on the host, if that gives all there is to know. */
  private static boolean quick(Core core, int number, int instruction) {
    long[] x = core.x;
    double a = Double.longBitsToDouble(x[Core.F + ((instruction >>> 15) & 31)]);
    double b = Double.longBitsToDouble(x[Core.F + ((instruction >>> 20) & 31)]);
    boolean inexactAlready = (core.csrs.fflags & SoftFloat.NX) != 0;
    double result;
    boolean inexact;
    switch (number) {
      case Op.FADD_D -> {
        result = a + b;
        inexact = result - a != b || result - b != a;
      }
      case Op.FSUB_D -> {
        result = a - b;
        inexact = a - result != b || result + b != a;
      }
      case Op.FMUL_D -> {
        result = a * b;
        inexact = !inexactAlready && Math.fma(a, b, -result) != 0;
      }
      case Op.FDIV_D -> {
        result = a / b;
        inexact = !inexactAlready && Math.fma(-result, b, a) != 0;
      }
      default -> {
        if (!inexactAlready) {
          return false;
        }
        double c = Double.longBitsToDouble(x[Core.F + (instruction >>> 27)]);
        inexact = true;
        result =
            switch (number) {
              case Op.FMADD_D -> Math.fma(a, b, c);
              case Op.FMSUB_D -> Math.fma(a, b, -c);
              case Op.FNMSUB_D -> Math.fma(-a, b, c);
              default -> Math.fma(-a, b, -c);
            };
      }
    }
    long bits = Double.doubleToRawLongBits(result);
    int exponent = (int) (bits >>> 52) & 0x7ff;
    // A residual has up to 106 bits below the result's first, and must not underflow; for a
    // quotient, the dividend must be as far from underflow.
    if (exponent < 120 || exponent > 0x7f0) {
      return false;
    }
    if (number == Op.FDIV_D
        && (int) (x[Core.F + ((instruction >>> 15) & 31)] >>> 52 & 0x7ff) < 120) {
      return false;
    }
    x[Core.F + ((instruction >>> 7) & 31)] = bits;
    if (inexact) {
      core.csrs.fflags |= SoftFloat.NX;
    }
    return true;
  }

  /** The same for single precision, where double holds the residuals. */
  private static boolean quickSingle(Core core, int number, int instruction) {
    long[] x = core.x;
    float a = Float.intBitsToFloat(unbox(x[Core.F + ((instruction >>> 15) & 31)]));
    float b = Float.intBitsToFloat(unbox(x[Core.F + ((instruction >>> 20) & 31)]));
    float result;
    boolean inexact;
    switch (number) {
      case Op.FADD_S -> {
        result = a + b;
        inexact = (double) result - a != b || (double) result - b != a;
      }
      case Op.FSUB_S -> {
        result = a - b;
        inexact = (double) a - result != b || (double) result + b != a;
      }
      case Op.FMUL_S -> {
        result = a * b;
        inexact = (double) a * b != result;
      }
      case Op.FDIV_S -> {
        result = a / b;
        inexact = (double) result * b != a;
      }
      default -> {
        if ((core.csrs.fflags & SoftFloat.NX) == 0) {
          return false;
        }
        float c = Float.intBitsToFloat(unbox(x[Core.F + (instruction >>> 27)]));
        inexact = true;
        result =
            switch (number) {
              case Op.FMADD_S -> Math.fma(a, b, c);
              case Op.FMSUB_S -> Math.fma(a, b, -c);
              case Op.FNMSUB_S -> Math.fma(-a, b, c);
              default -> Math.fma(-a, b, -c);
            };
      }
    }
    int bits = Float.floatToRawIntBits(result);
    int exponent = (bits >>> 23) & 0xff;
    if (exponent < 2 || exponent > 0xfd) {
      return false;
    }
    x[Core.F + ((instruction >>> 7) & 31)] = bits | BOX;
    if (inexact) {
      core.csrs.fflags |= SoftFloat.NX;
    }
    return true;
  }

  private static int unbox(long bits) {
    return bits >>> 32 == 0xffff_ffffL ? (int) bits : SINGLE_NAN;
  }

  private static void single(Core core, SoftFloat soft, int number, int instruction) {
    long[] x = core.x;
    int rd = (instruction >>> 7) & 31;
    int rs1 = (instruction >>> 15) & 31;
    Format f = Format.SINGLE;
    long a = unbox(x[Core.F + rs1]) & 0xffff_ffffL;
    long b = unbox(x[Core.F + ((instruction >>> 20) & 31)]) & 0xffff_ffffL;
    switch (number) {
      case Op.FEQ_S, Op.FLT_S, Op.FLE_S ->
          integer(core, rd, compare(soft, f, number - Op.FEQ_S, a, b));
      case Op.FCLASS_S -> integer(core, rd, classify(soft, f, a));
      case Op.FMV_X_W -> integer(core, rd, (int) x[Core.F + rs1]);
      case Op.FCVT_W_S -> integer(core, rd, soft.toInteger(f, a, 32, true));
      case Op.FCVT_WU_S -> integer(core, rd, (int) soft.toInteger(f, a, 32, false));
      case Op.FCVT_L_S -> integer(core, rd, soft.toInteger(f, a, 64, true));
      case Op.FCVT_LU_S -> integer(core, rd, soft.toInteger(f, a, 64, false));
      default -> {
        long c = unbox(x[Core.F + (instruction >>> 27)]) & 0xffff_ffffL;
        x[Core.F + rd] =
            BOX
                | switch (number) {
                  case Op.FMV_W_X -> x[rs1] & 0xffff_ffffL;
                  case Op.FCVT_S_W -> soft.fromInteger(f, (int) x[rs1], true);
                  case Op.FCVT_S_WU -> soft.fromInteger(f, x[rs1] & 0xffff_ffffL, false);
                  case Op.FCVT_S_L -> soft.fromInteger(f, x[rs1], true);
                  case Op.FCVT_S_LU -> soft.fromInteger(f, x[rs1], false);
                  default -> arithmetic(soft, f, number - Op.FMADD_S, a, b, c);
                };
      }
    }
  }

  private static void twice(Core core, SoftFloat soft, int number, int instruction) {
    long[] x = core.x;
    int rd = (instruction >>> 7) & 31;
    int rs1 = (instruction >>> 15) & 31;
    Format f = Format.DOUBLE;
    long a = x[Core.F + rs1];
    long b = x[Core.F + ((instruction >>> 20) & 31)];
    switch (number) {
      case Op.FEQ_D, Op.FLT_D, Op.FLE_D ->
          integer(core, rd, compare(soft, f, number - Op.FEQ_D, a, b));
      case Op.FCLASS_D -> integer(core, rd, classify(soft, f, a));
      case Op.FMV_X_D -> integer(core, rd, a);
      case Op.FCVT_W_D -> integer(core, rd, soft.toInteger(f, a, 32, true));
      case Op.FCVT_WU_D -> integer(core, rd, (int) soft.toInteger(f, a, 32, false));
      case Op.FCVT_L_D -> integer(core, rd, soft.toInteger(f, a, 64, true));
      case Op.FCVT_LU_D -> integer(core, rd, soft.toInteger(f, a, 64, false));
      default ->
          x[Core.F + rd] =
              switch (number) {
                case Op.FMV_D_X -> x[rs1];
                case Op.FCVT_D_W -> soft.fromInteger(f, (int) x[rs1], true);
                case Op.FCVT_D_WU -> soft.fromInteger(f, x[rs1] & 0xffff_ffffL, false);
                case Op.FCVT_D_L -> soft.fromInteger(f, x[rs1], true);
                case Op.FCVT_D_LU -> soft.fromInteger(f, x[rs1], false);
                case Op.FCVT_D_S -> soft.convert(Format.SINGLE, f, unbox(a) & 0xffff_ffffL);
                case Op.FCVT_S_D -> BOX | soft.convert(f, Format.SINGLE, a);
                default ->
                    arithmetic(
                        soft, f, number - Op.FMADD_D, a, b, x[Core.F + (instruction >>> 27)]);
              };
    }
  }

  /** The operations that both formats have in the same order in the table. */
  private static long arithmetic(SoftFloat soft, Format f, int which, long a, long b, long c) {
    return switch (which + Op.FMADD_S) {
      case Op.FMADD_S -> soft.multiplyAdd(f, a, b, c);
      case Op.FMSUB_S -> soft.multiplyAdd(f, a, b, negated(soft, f, c));
      case Op.FNMSUB_S -> soft.multiplyAdd(f, negated(soft, f, a), b, c);
      case Op.FNMADD_S -> soft.multiplyAdd(f, negated(soft, f, a), b, negated(soft, f, c));
      case Op.FADD_S -> soft.add(f, a, b);
      case Op.FSUB_S -> soft.subtract(f, a, b);
      case Op.FMUL_S -> soft.multiply(f, a, b);
      case Op.FDIV_S -> soft.divide(f, a, b);
      case Op.FSQRT_S -> soft.squareRoot(f, a);
      case Op.FSGNJ_S -> (a & ~f.signBit) | (b & f.signBit);
      case Op.FSGNJN_S -> (a & ~f.signBit) | (~b & f.signBit);
      case Op.FSGNJX_S -> a ^ (b & f.signBit);
      case Op.FMIN_S -> extreme(soft, f, a, b, true);
      default -> extreme(soft, f, a, b, false);
    };
  }

  private static long negated(SoftFloat soft, Format f, long a) {
    return soft.isNan(f, a) ? a : a ^ f.signBit;
  }

  private static long extreme(SoftFloat soft, Format f, long a, long b, boolean smaller) {
    if (soft.isSignalling(f, a) || soft.isSignalling(f, b)) {
      soft.flags |= SoftFloat.NV;
    }
    if (soft.isNan(f, a)) {
      return soft.isNan(f, b) ? f.canonicalNan : b;
    }
    if (soft.isNan(f, b)) {
      return a;
    }
    // The order of the bits, signs considered, has -0 below +0, as the spec demands.
    return ordered(f, a) < ordered(f, b) == smaller ? a : b;
  }

  /** Maps bits to a number with the order of what they mean, where -0 is below +0. */
  private static long ordered(Format f, long a) {
    return (a & f.signBit) != 0 ? ~(a & ~f.signBit) : a & ~f.signBit;
  }

  /** 0 is feq, 1 flt, 2 fle. */
  private static long compare(SoftFloat soft, Format f, int which, long a, long b) {
    if (soft.isNan(f, a) || soft.isNan(f, b)) {
      if (which != 0 || soft.isSignalling(f, a) || soft.isSignalling(f, b)) {
        soft.flags |= SoftFloat.NV;
      }
      return 0;
    }
    boolean bothZero = ((a | b) & ~f.signBit) == 0;
    boolean equal = a == b || bothZero;
    boolean less = !bothZero && ordered(f, a) < ordered(f, b);
    return switch (which) {
          case 0 -> equal;
          case 1 -> less;
          default -> equal || less;
        }
        ? 1
        : 0;
  }

  private static long classify(SoftFloat soft, Format f, long a) {
    if (soft.isNan(f, a)) {
      return soft.isSignalling(f, a) ? 1 << 8 : 1 << 9;
    }
    long exponent = a & f.exponentMask;
    long fraction = a & f.fractionMask;
    int kind;
    if (exponent == f.exponentMask) {
      kind = 0;
    } else if (exponent != 0) {
      kind = 1;
    } else {
      kind = fraction != 0 ? 2 : 3;
    }
    return (a & f.signBit) != 0 ? 1L << kind : 1L << (7 - kind);
  }

  private static void integer(Core core, int rd, long value) {
    core.x[rd == 0 ? Core.SINK : rd] = value;
  }
}
