package io.lanyard.machine.hart;

/** Writes instructions for people, from the instruction table: for dumps and failed tests. */
final class Disassembler {
  private static final String[] X = {
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4",
        "a5",
    "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"
  };

  private Disassembler() {}

  /**
   * Writes one instruction; a compressed one as what it stands for.
   *
   * @param address where it is, for the targets of jumps
   * @param bits 32 bits of code, of which a compressed instruction uses the low half
   */
  static String text(long address, int bits) {
    boolean compressed = (bits & 3) != 3;
    int i = compressed ? Compressed.expand(bits & 0xffff) : bits;
    int op = InstructionSet.find(i);
    if (op == Op.ILLEGAL) {
      return compressed ? ".half 0x%04x".formatted(bits & 0xffff) : ".word 0x%08x".formatted(bits);
    }
    String operands = operands(op, i, address);
    String name = (compressed ? "c:" : "") + InstructionSet.name(op);
    return operands.isEmpty() ? name : name + " " + operands;
  }

  private static String operands(int op, int i, long address) {
    boolean floats = InstructionSet.how(op).equals("fp");
    boolean memory = op >= Op.LB && op <= Op.FSD;
    String rd = register(floats || op == Op.FLW || op == Op.FLD, i >>> 7);
    String rs1 = register(floats, i >>> 15);
    String rs2 = register(floats || op == Op.FSW || op == Op.FSD, i >>> 20);
    return switch (InstructionSet.format(op)) {
      case R, FR -> rd + "," + rs1 + "," + rs2;
      case R4 -> rd + "," + rs1 + "," + rs2 + "," + register(true, i >>> 27);
      case UN, FU -> rd + "," + rs1;
      case I ->
          memory || op == Op.JALR
              ? "%s,%d(%s)".formatted(rd, i >> 20, rs1)
              : op == Op.FENCE || op == Op.FENCE_I ? "" : "%s,%s,%d".formatted(rd, rs1, i >> 20);
      case SH -> rd + "," + rs1 + "," + ((i >>> 20) & 63);
      case SHW -> rd + "," + rs1 + "," + ((i >>> 20) & 31);
      case S -> "%s,%d(%s)".formatted(rs2, (i >> 25) << 5 | ((i >>> 7) & 31), rs1);
      case B -> "%s,%s,%x".formatted(rs1, rs2, address + CodePage.branchDisplacement(i));
      case U -> "%s,0x%x".formatted(rd, i >>> 12);
      case J -> "%s,%x".formatted(rd, address + CodePage.jumpDisplacement(i));
      case AMO -> "%s,%s,(%s)".formatted(rd, rs2, rs1);
      case LR -> "%s,(%s)".formatted(rd, rs1);
      case CSR ->
          "%s,0x%x,%s".formatted(rd, i >>> 20, op >= Op.CSRRWI ? ((i >>> 15) & 31) + "" : rs1);
      case SV -> rs1 + "," + rs2;
      case CBO -> "(" + rs1 + ")";
      case X -> "";
    };
  }

  /** Where an fp instruction has integer registers, this says f all the same: the name tells. */
  private static String register(boolean floating, int number) {
    return floating ? "f" + (number & 31) : X[number & 31];
  }
}
