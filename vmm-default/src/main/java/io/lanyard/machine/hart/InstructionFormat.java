package io.lanyard.machine.hart;

/** The shapes of 32-bit instructions: which bits say what it is. */
enum InstructionFormat {
  /** rd, rs1, rs2. */
  R(0xfe00707f),
  /** rd, rs1; rs2's place is fixed. */
  UN(0xfff0707f),
  /** rd, rs1, 12-bit immediate. */
  I(0x0000707f),
  /** rd, rs1, 6-bit shift. */
  SH(0xfc00707f),
  /** rd, rs1, 5-bit shift. */
  SHW(0xfe00707f),
  /** rs1, rs2, 12-bit immediate. */
  S(0x0000707f),
  /** rs1, rs2, 13-bit displacement. */
  B(0x0000707f),
  /** rd, upper 20 bits. */
  U(0x0000007f),
  /** rd, 21-bit displacement. */
  J(0x0000007f),
  /** rd, rs1, rs2, aq, rl. */
  AMO(0xf800707f),
  /** rd, rs1, aq, rl. */
  LR(0xf9f0707f),
  /** rd, rs1, rs2, rounding mode. */
  FR(0xfe00007f),
  /** rd, rs1, rounding mode. */
  FU(0xfff0007f),
  /** rd, rs1, rs2, rs3, rounding mode. */
  R4(0x0600007f),
  /** rd, rs1 or a 5-bit immediate, CSR number. */
  CSR(0x0000707f),
  /** rs1, rs2. */
  SV(0xfe007fff),
  /** rs1. */
  CBO(0xfff07fff),
  /** No operand. */
  X(0xffffffff);

  /** Bits that are fixed. */
  final int mask;

  InstructionFormat(int mask) {
    this.mask = mask;
  }
}
