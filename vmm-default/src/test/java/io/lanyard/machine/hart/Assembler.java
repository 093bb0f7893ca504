package io.lanyard.machine.hart;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Assembles test programs from the instruction table, so that tests need no cross compiler.
 *
 * <p>Operands are register numbers and values in the order in which an assembly language has them,
 * except that loads and stores are {@code (rd, rs1, offset)} and {@code (rs2, rs1, offset)}.
 */
final class Assembler {
  static final int ZERO = 0;
  static final int RA = 1;
  static final int SP = 2;
  static final int T0 = 5;
  static final int T1 = 6;
  static final int T2 = 7;
  static final int A0 = 10;
  static final int A1 = 11;
  static final int A2 = 12;
  static final int A3 = 13;
  static final int A4 = 14;
  static final int A7 = 17;

  private static final Map<String, Integer> NUMBERS = new HashMap<>();

  static {
    for (int op = Op.AUIPC; op < Op.COUNT; op++) {
      NUMBERS.put(InstructionSet.name(op), op);
    }
  }

  private record Fixup(int at, String label) {}

  private final List<Short> halves = new ArrayList<>();
  private final Map<String, Integer> labels = new HashMap<>();
  private final List<Fixup> fixups = new ArrayList<>();

  /** The encoding of an instruction. */
  static int encode(String name, long... operands) {
    Integer op = NUMBERS.get(name);
    if (op == null) {
      throw new IllegalArgumentException("no instruction " + name);
    }
    int match = InstructionSet.match(op);
    int a = operands.length > 0 ? (int) operands[0] : 0;
    int b = operands.length > 1 ? (int) operands[1] : 0;
    int c = operands.length > 2 ? (int) operands[2] : 0;
    return switch (InstructionSet.format(op)) {
      case R, FR, AMO -> match | a << 7 | b << 15 | c << 20;
      case UN, FU, LR -> match | a << 7 | b << 15;
      case R4 -> match | a << 7 | b << 15 | c << 20 | (int) operands[3] << 27;
      case I -> match | a << 7 | b << 15 | c << 20;
      case SH, SHW -> match | a << 7 | b << 15 | c << 20;
      case S -> match | a << 20 | b << 15 | (c & 31) << 7 | (c >> 5) << 25;
      case B -> match | a << 15 | b << 20 | branch(c);
      case U -> match | a << 7 | b << 12;
      case J -> match | a << 7 | jump(b);
      case CSR -> match | a << 7 | b << 20 | c << 15;
      case SV -> match | a << 15 | b << 20;
      case CBO -> match | a << 15;
      case X -> match;
    };
  }

  private static int branch(int to) {
    return (to >> 12 & 1) << 31 | (to >> 5 & 63) << 25 | (to >> 1 & 15) << 8 | (to >> 11 & 1) << 7;
  }

  private static int jump(int to) {
    return (to >> 20 & 1) << 31
        | (to >> 1 & 0x3ff) << 21
        | (to >> 11 & 1) << 20
        | (to >> 12 & 0xff) << 12;
  }

  Assembler op(String name, long... operands) {
    return word(encode(name, operands));
  }

  /** A branch or jal to a label: the displacement is the last operand. */
  Assembler to(String name, String label, long... operands) {
    fixups.add(new Fixup(halves.size(), label));
    return word(encode(name, operands));
  }

  Assembler word(int instruction) {
    return half(instruction).half(instruction >>> 16);
  }

  Assembler half(int instruction) {
    halves.add((short) instruction);
    return this;
  }

  Assembler label(String name) {
    labels.put(name, halves.size());
    return this;
  }

  /** Loads any value. */
  Assembler li(int rd, long value) {
    if (value == (int) value) {
      int upper = ((int) value + 0x800) >>> 12;
      op("lui", rd, upper);
      return op("addiw", rd, rd, ((int) value << 20) >> 20);
    }
    long low = value << 52 >> 52;
    li(rd, (value - low) >> 12);
    return op("slli", rd, rd, 12).op("addi", rd, rd, low);
  }

  /** Pads with c.nop until an offset. */
  Assembler at(int offset) {
    while (halves.size() * 2 < offset) {
      half(1);
    }
    return this;
  }

  int offset() {
    return halves.size() * 2;
  }

  byte[] bytes() {
    ByteBuffer buffer = ByteBuffer.allocate(halves.size() * 2).order(ByteOrder.LITTLE_ENDIAN);
    halves.forEach(buffer::putShort);
    for (Fixup f : fixups) {
      Integer target = labels.get(f.label);
      if (target == null) {
        throw new IllegalStateException("no label " + f.label);
      }
      int displacement = (target - f.at) * 2;
      int instruction = buffer.getInt(f.at * 2);
      boolean jal = (instruction & 0x7f) == 0x6f;
      buffer.putInt(f.at * 2, instruction | (jal ? jump(displacement) : branch(displacement)));
    }
    return buffer.array();
  }
}
