package io.lanyard.machine.hart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class DisassemblerTest {
  @Test
  void instructionsAreWrittenAsInAnAssemblyLanguage() {
    assertThat(Disassembler.text(0, Assembler.encode("addi", 10, 11, -4)))
        .isEqualTo("addi a0,a1,-4");
    assertThat(Disassembler.text(0, Assembler.encode("sd", 10, 2, 16))).isEqualTo("sd a0,16(sp)");
    assertThat(Disassembler.text(0x1000, Assembler.encode("beq", 5, 0, -8)))
        .isEqualTo("beq t0,zero,ff8");
    assertThat(Disassembler.text(0, Assembler.encode("csrrs", 10, 0xc01, 0)))
        .isEqualTo("csrrs a0,0xc01,zero");
    assertThat(Disassembler.text(0, 0x8082)).isEqualTo("c:jalr zero,0(ra)");
    assertThat(Disassembler.text(0, 0)).isEqualTo(".half 0x0000");
  }

  @Test
  void everyInstructionOfTheTableHasAName() {
    for (int op = Op.AUIPC; op < Op.COUNT; op++) {
      assertThat(Disassembler.text(0, InstructionSet.match(op)))
          .startsWith(InstructionSet.name(op));
    }
  }

  @Test
  void noBitsThrow() {
    var random = new SplittableRandom(3);
    for (int i = 0; i < 100_000; i++) {
      assertThat(Disassembler.text(random.nextLong(), random.nextInt())).isNotEmpty();
    }
  }
}
