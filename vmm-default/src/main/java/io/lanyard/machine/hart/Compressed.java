package io.lanyard.machine.hart;

/**
 * Expands 16-bit instructions to the 32-bit ones they stand for: unprivileged spec, chapter "C".
 */
final class Compressed {
  private static final int OP_IMM = 0x13;
  private static final int OP_IMM_32 = 0x1b;
  private static final int OP = 0x33;
  private static final int OP_32 = 0x3b;

  private Compressed() {}

  /** The equivalent for RV64, or 0, which is illegal too. */
  static int expand(int h) {
    return switch (h & 3) {
      case 0 -> quadrant0(h);
      case 1 -> quadrant1(h);
      case 2 -> quadrant2(h);
      default -> 0;
    };
  }

  private static int quadrant0(int h) {
    int rd = 8 + bits(h, 2, 3);
    int rs1 = 8 + bits(h, 7, 3);
    int word = bits(h, 6, 1) << 2 | bits(h, 10, 3) << 3 | bits(h, 5, 1) << 6;
    int twice = bits(h, 10, 3) << 3 | bits(h, 5, 2) << 6;
    return switch (h >>> 13) {
      case 0 -> {
        int imm =
            bits(h, 6, 1) << 2 | bits(h, 5, 1) << 3 | bits(h, 11, 2) << 4 | bits(h, 7, 4) << 6;
        yield imm == 0 ? 0 : i(OP_IMM, 0, rd, 2, imm);
      }
      case 1 -> i(0x07, 3, rd, rs1, twice);
      case 2 -> i(0x03, 2, rd, rs1, word);
      case 3 -> i(0x03, 3, rd, rs1, twice);
      case 5 -> s(0x27, 3, rs1, rd, twice);
      case 6 -> s(0x23, 2, rs1, rd, word);
      case 7 -> s(0x23, 3, rs1, rd, twice);
      default -> 0;
    };
  }

  private static int quadrant1(int h) {
    int rd = bits(h, 7, 5);
    int imm = signed(bits(h, 12, 1) << 5 | bits(h, 2, 5), 6);
    return switch (h >>> 13) {
      case 0 -> i(OP_IMM, 0, rd, rd, imm);
      case 1 -> rd == 0 ? 0 : i(OP_IMM_32, 0, rd, rd, imm);
      case 2 -> i(OP_IMM, 0, rd, 0, imm);
      case 3 -> {
        if (rd == 2) {
          int sp =
              bits(h, 6, 1) << 4
                  | bits(h, 2, 1) << 5
                  | bits(h, 5, 1) << 6
                  | bits(h, 3, 2) << 7
                  | bits(h, 12, 1) << 9;
          yield sp == 0 ? 0 : i(OP_IMM, 0, 2, 2, signed(sp, 10));
        }
        yield imm == 0 ? 0 : imm << 12 | rd << 7 | 0x37;
      }
      case 4 -> arithmetic(h);
      case 5 -> {
        int to =
            bits(h, 3, 3) << 1
                | bits(h, 11, 1) << 4
                | bits(h, 2, 1) << 5
                | bits(h, 7, 1) << 6
                | bits(h, 6, 1) << 7
                | bits(h, 9, 2) << 8
                | bits(h, 8, 1) << 10
                | bits(h, 12, 1) << 11;
        yield jump(signed(to, 12));
      }
      default -> {
        int to =
            bits(h, 3, 2) << 1
                | bits(h, 10, 2) << 3
                | bits(h, 2, 1) << 5
                | bits(h, 5, 2) << 6
                | bits(h, 12, 1) << 8;
        yield branch(h >>> 13 == 6 ? 0 : 1, 8 + bits(h, 7, 3), signed(to, 9));
      }
    };
  }

  private static int arithmetic(int h) {
    int rd = 8 + bits(h, 7, 3);
    int rs2 = 8 + bits(h, 2, 3);
    int shift = bits(h, 12, 1) << 5 | bits(h, 2, 5);
    return switch (bits(h, 10, 2)) {
      case 0 -> i(OP_IMM, 5, rd, rd, shift);
      case 1 -> i(OP_IMM, 5, rd, rd, shift | 0x400);
      case 2 -> i(OP_IMM, 7, rd, rd, signed(shift, 6));
      default ->
          switch (bits(h, 12, 1) << 2 | bits(h, 5, 2)) {
            case 0 -> r(OP, 0, 0x20, rd, rd, rs2);
            case 1 -> r(OP, 4, 0, rd, rd, rs2);
            case 2 -> r(OP, 6, 0, rd, rd, rs2);
            case 3 -> r(OP, 7, 0, rd, rd, rs2);
            case 4 -> r(OP_32, 0, 0x20, rd, rd, rs2);
            case 5 -> r(OP_32, 0, 0, rd, rd, rs2);
            default -> 0;
          };
    };
  }

  private static int quadrant2(int h) {
    int rd = bits(h, 7, 5);
    int rs2 = bits(h, 2, 5);
    int loadWord = bits(h, 4, 3) << 2 | bits(h, 12, 1) << 5 | bits(h, 2, 2) << 6;
    int loadTwice = bits(h, 5, 2) << 3 | bits(h, 12, 1) << 5 | bits(h, 2, 3) << 6;
    int storeWord = bits(h, 9, 4) << 2 | bits(h, 7, 2) << 6;
    int storeTwice = bits(h, 10, 3) << 3 | bits(h, 7, 3) << 6;
    return switch (h >>> 13) {
      case 0 -> i(OP_IMM, 1, rd, rd, bits(h, 12, 1) << 5 | rs2);
      case 1 -> i(0x07, 3, rd, 2, loadTwice);
      case 2 -> rd == 0 ? 0 : i(0x03, 2, rd, 2, loadWord);
      case 3 -> rd == 0 ? 0 : i(0x03, 3, rd, 2, loadTwice);
      case 4 -> {
        boolean link = bits(h, 12, 1) != 0;
        if (rs2 != 0) {
          yield r(OP, 0, 0, rd, link ? rd : 0, rs2);
        }
        if (rd == 0) {
          yield link ? 0x0010_0073 : 0; // c.ebreak
        }
        yield i(0x67, 0, link ? 1 : 0, rd, 0);
      }
      case 5 -> s(0x27, 3, 2, rs2, storeTwice);
      case 6 -> s(0x23, 2, 2, rs2, storeWord);
      default -> s(0x23, 3, 2, rs2, storeTwice);
    };
  }

  private static int bits(int h, int from, int count) {
    return (h >>> from) & ((1 << count) - 1);
  }

  private static int signed(int value, int width) {
    return value << (32 - width) >> (32 - width);
  }

  private static int i(int opcode, int funct3, int rd, int rs1, int imm) {
    return imm << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
  }

  private static int s(int opcode, int funct3, int rs1, int rs2, int imm) {
    return (imm >> 5) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | (imm & 31) << 7 | opcode;
  }

  private static int r(int opcode, int funct3, int funct7, int rd, int rs1, int rs2) {
    return funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
  }

  private static int branch(int funct3, int rs1, int to) {
    return ((to >> 12) & 1) << 31
        | ((to >> 5) & 63) << 25
        | rs1 << 15
        | funct3 << 12
        | ((to >> 1) & 15) << 8
        | ((to >> 11) & 1) << 7
        | 0x63;
  }

  private static int jump(int to) {
    return ((to >> 20) & 1) << 31
        | ((to >> 1) & 0x3ff) << 21
        | ((to >> 11) & 1) << 20
        | ((to >> 12) & 0xff) << 12
        | 0x6f;
  }
}
