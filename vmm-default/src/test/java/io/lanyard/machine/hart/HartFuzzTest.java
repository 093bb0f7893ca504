package io.lanyard.machine.hart;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.machine.bus.Ram;
import io.lanyard.testing.FuzzInput;

/** Any bits are decoded, and any program runs within its machine. */
class HartFuzzTest {
  private static final int MEMORY = 1 << 20;
  private static final int STEPS = 400;

  @FuzzTest
  void anyBitsAreOneInstructionOrNone(byte[] input) {
    FuzzInput in = new FuzzInput(input);
    int bits = in.number();
    boolean isCompressed = (bits & 3) != 3;
    int instruction = isCompressed ? Compressed.expand(bits & 0xffff) : bits;
    int op = InstructionSet.find(instruction);
    assertThat(op).isBetween(0, Op.COUNT - 1);
    if (op != Op.ILLEGAL) {
      int mask = InstructionSet.format(op).mask;
      assertThat(instruction & mask).isEqualTo(InstructionSet.match(op));
    }
    assertThat(Disassembler.text(in.longNumber(), bits)).isNotBlank();
  }

  /** The input is the registers' seed, then the program. */
  @FuzzTest
  void anyProgramRunsWithinItsMachine(byte[] input) {
    FuzzInput in = new FuzzInput(input);
    try (Bench bench = new Bench(MEMORY, Firmware.NONE)) {
      long seed = in.longNumber();
      for (int i = 1; i < 32; i++) {
        long value = Long.rotateLeft(seed, 2 * i);
        bench.core.x[i] = (i & 1) == 0 ? value : Ram.BASE + (value & (MEMORY - 1));
      }
      byte[] program = in.bytes(MEMORY / 2);
      bench.ram.put(Bench.CODE, program);
      bench.core.csrs.mtvec = Bench.CODE;
      for (int i = 0; i < STEPS; i += 40) {
        bench.execute(40);
        assertThat(bench.core.pc & 1).as("the program counter is even").isZero();
      }
    }
  }
}
