package io.lanyard.machine.hart;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.machine.hart.SoftFloat.Format;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The host's arithmetic and ours are one: each is the other's oracle. */
class FloatTest {
  private static final String[] NAMES = {
    "fadd", "fsub", "fmul", "fdiv", "fmadd", "fmsub", "fnmsub", "fnmadd"
  };

  private final SplittableRandom random = new SplittableRandom(5);

  @Test
  void theFastPathGivesTheBitsAndFlagsOfTheExactOne() {
    try (var bench = new Bench(1 << 20, Firmware.NONE)) {
      Core core = bench.core;
      core.csrs.mstatus |= Csrs.FS;
      for (int i = 0; i < 60_000; i++) {
        String name = NAMES[i % NAMES.length];
        boolean twice = (i / NAMES.length & 1) != 0;
        Format f = twice ? Format.DOUBLE : Format.SINGLE;
        long[] operands = {operand(f), operand(f), operand(f)};
        for (int r = 0; r < 3; r++) {
          core.x[Core.F + 1 + r] = twice ? operands[r] : operands[r] | -1L << 32;
        }
        int before = i & 1;
        core.csrs.fflags = before;
        core.csrs.frm = 0;
        long[] registers = name.length() > 4 ? new long[] {4, 1, 2, 3} : new long[] {4, 1, 2};
        int instruction = Assembler.encode(name + (twice ? ".d" : ".s"), registers);
        int number = InstructionSet.find(instruction);
        long op = CodePage.FP | number << 8 | 4L << 16 | 1L << 24 | (long) instruction << 32;
        assertThat(FloatOps.execute(core, op)).isTrue();
        SoftFloat exact = new SoftFloat();
        long a = operands[0];
        long b = operands[1];
        long c = operands[2];
        long expected =
            switch (name) {
              case "fadd" -> exact.add(f, a, b);
              case "fsub" -> exact.subtract(f, a, b);
              case "fmul" -> exact.multiply(f, a, b);
              case "fdiv" -> exact.divide(f, a, b);
              case "fmadd" -> exact.multiplyAdd(f, a, b, c);
              case "fmsub" -> exact.multiplyAdd(f, a, b, c ^ f.signBit);
              case "fnmsub" -> exact.multiplyAdd(f, a ^ f.signBit, b, c);
              default -> exact.multiplyAdd(f, a ^ f.signBit, b, c ^ f.signBit);
            };
        assertThat(core.x[Core.F + 4])
            .as("%s %s %x %x %x", name, f, a, b, c)
            .isEqualTo(twice ? expected : expected | -1L << 32);
        assertThat(core.csrs.fflags)
            .as("flags of %s %s %x %x %x", name, f, a, b, c)
            .isEqualTo(before | exact.flags);
      }
    }
  }

  /** Ordinary numbers with few or many bits, and now and then anything. */
  private long operand(Format f) {
    long bits = random.nextLong() & (f.signBit | f.fractionMask | f.exponentMask);
    int kind = random.nextInt(16);
    if (kind == 0) {
      return bits;
    }
    long exponent = f.maxExponent - 8L + random.nextInt(16);
    long fraction = bits & f.fractionMask;
    if (kind < 6) {
      fraction &= ~(f.fractionMask >>> random.nextInt(8));
    }
    if (kind == 7) {
      exponent = random.nextInt(2 * f.maxExponent);
    }
    return (bits & f.signBit) | exponent << (f.precision - 1) | fraction;
  }

  @Test
  void theExactPathAgreesWithTheHostOnRoundingToNearest() {
    var soft = new SoftFloat();
    for (int i = 0; i < 100_000; i++) {
      double a = Double.longBitsToDouble(random.nextLong());
      double b = Double.longBitsToDouble(random.nextLong());
      long x = Double.doubleToRawLongBits(a);
      long y = Double.doubleToRawLongBits(b);
      assertThat(soft.add(Format.DOUBLE, x, y)).isEqualTo(Double.doubleToLongBits(a + b));
      assertThat(soft.multiply(Format.DOUBLE, x, y)).isEqualTo(Double.doubleToLongBits(a * b));
      assertThat(soft.divide(Format.DOUBLE, x, y)).isEqualTo(Double.doubleToLongBits(a / b));
      assertThat(soft.squareRoot(Format.DOUBLE, x))
          .isEqualTo(Double.doubleToLongBits(Math.sqrt(a)));
      assertThat(soft.convert(Format.DOUBLE, Format.SINGLE, x))
          .isEqualTo(Float.floatToIntBits((float) a) & 0xffff_ffffL);
    }
  }

  @Test
  void directedRoundingsEncloseTheResult() {
    var soft = new SoftFloat();
    long third = 0;
    for (int mode : new int[] {SoftFloat.RDN, SoftFloat.RUP, SoftFloat.RTZ, SoftFloat.RMM}) {
      soft.mode = mode;
      long bits =
          soft.divide(Format.DOUBLE, Double.doubleToRawLongBits(1), Double.doubleToRawLongBits(3));
      third = third * 31 + (bits & 15);
    }
    assertThat(third).isEqualTo(((5 * 31 + 6) * 31 + 5) * 31 + 5);
    assertThat(soft.flags).isEqualTo(SoftFloat.NX);
  }
}
