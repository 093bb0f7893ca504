package io.lanyard.machine.hart;

import static io.lanyard.machine.hart.Assembler.A0;
import static io.lanyard.machine.hart.Assembler.A1;
import static io.lanyard.machine.hart.Assembler.RA;
import static io.lanyard.machine.hart.Assembler.T0;
import static io.lanyard.machine.hart.Assembler.T1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SelfModifyingTest {
  @Test
  void codeThatTheHartWroteIsExecutedAfterFenceI() {
    try (var bench = new Bench()) {
      int two = Assembler.encode("addi", A0, 0, 2);
      bench.load(
          new Assembler()
              .to("jal", "patched", RA)
              .op("addi", A1, A0, 0)
              .li(T0, Bench.CODE + 0x100)
              .li(T1, two)
              .op("sw", T1, T0, 0)
              .op("fence.i")
              .to("jal", "patched", RA)
              .op("ebreak")
              .at(0x100)
              .label("patched")
              .op("addi", A0, 0, 1)
              .op("jalr", 0, RA, 0));
      bench.untilTrap(1000);
      assertThat(bench.hart.x(A1)).isEqualTo(1);
      assertThat(bench.hart.x(A0)).isEqualTo(2);
    }
  }

  @Test
  void codeThatADeviceWroteIsExecutedAfterFenceI() {
    try (var bench = new Bench()) {
      bench.load(
          new Assembler()
              .to("jal", "patched", RA)
              .op("fence.i")
              .to("jal", "patched", RA)
              .op("ebreak")
              .at(0x100)
              .label("patched")
              .op("addi", A0, A0, 1)
              .op("jalr", 0, RA, 0));
      bench.execute(2);
      bench.ram.putInt(Bench.CODE + 0x100, Assembler.encode("addi", A0, A0, 16));
      bench.untilTrap(1000);
      assertThat(bench.hart.x(A0)).isEqualTo(17);
    }
  }

  @Test
  void anInstructionMayStraddleTwoPages() {
    try (var bench = new Bench()) {
      bench.load(
          new Assembler()
              .op("addi", T0, 0, 3)
              .to("jal", "edge", 0)
              .at(0xff6)
              .label("edge")
              .op("addi", A0, A0, 1)
              .op("addi", T0, T0, -1)
              .to("bne", "edge", T0, 0) // at 0xffe
              .op("ebreak"));
      bench.untilTrap(1000);
      assertThat(bench.hart.x(A0)).isEqualTo(3);
    }
  }

  @Test
  void garbageNeverThrows() {
    var random = new SplittableRandom(20260101);
    try (var bench = new Bench(4 << 20, hart -> true)) {
      byte[] garbage = new byte[64 << 10];
      for (int round = 0; round < 150; round++) {
        random.nextBytes(garbage);
        if (round % 2 == 0) { // more of it is legal
          for (int i = 0; i < garbage.length; i += 4) {
            int op = 5 + random.nextInt(Op.COUNT - 5);
            int match = InstructionSet.match(op);
            int word = match | (random.nextInt() & ~InstructionSet.format(op).mask);
            for (int b = 0; b < 4; b++) {
              garbage[i + b] = (byte) (word >>> (b * 8));
            }
          }
        }
        bench.ram.put(Bench.CODE, garbage);
        bench.hart.reset(Bench.CODE, false);
        bench.core.csrs.mtvec = Bench.CODE + random.nextInt(0x4000) * 4L;
        bench.core.csrs.stvec = Bench.CODE + random.nextInt(0x4000) * 4L;
        bench.core.csrs.mstatus |= Csrs.FS;
        bench.core.csrs.medeleg = random.nextInt(0x10000);
        for (int i = 1; i < 32; i++) {
          bench.hart.x(i, Bench.CODE + random.nextInt(4 << 20));
        }
        bench.core.privilege = new int[] {0, 1, 3}[round % 3];
        bench.core.contextChanged();
        for (int slice = 0; slice < 40; slice++) {
          bench.execute(500);
          bench.core.waiting = false;
        }
      }
    }
  }
}
