package io.lanyard.machine.hart;

import java.util.ArrayList;
import java.util.List;

/** Finds the number of an instruction: the table of {@link Op}, arranged for look-up. */
final class InstructionSet {
  /** A micro-op of the interpreter's own. */
  private static final byte NONE = -1;

  private static final String[] NAMES = new String[Op.COUNT];
  private static final InstructionFormat[] FORMATS = new InstructionFormat[Op.COUNT];
  private static final int[] MATCHES = new int[Op.COUNT];
  private static final int[] MASKS = new int[Op.COUNT];
  private static final String[] HOW = new String[Op.COUNT];

  /** Candidates by major opcode and funct3. */
  private static final int[][] BUCKETS = new int[256][];

  static {
    List<List<Integer>> lists = new ArrayList<>();
    for (int i = 0; i < 256; i++) {
      lists.add(new ArrayList<>());
    }
    String[] lines = Op.TABLE.split("\n");
    for (int op = 0; op < Op.COUNT; op++) {
      String[] f = lines[op].trim().split(" ");
      NAMES[op] = f[0];
      HOW[op] = f[3];
      FORMATS[op] = f[1].equals("-") ? InstructionFormat.X : InstructionFormat.valueOf(f[1]);
      if (f[1].equals("-")) {
        MATCHES[op] = NONE;
        continue;
      }
      int match = Integer.parseUnsignedInt(f[2].substring(2), 16);
      int mask = FORMATS[op].mask;
      MATCHES[op] = match;
      MASKS[op] = mask;
      for (int funct3 = 0; funct3 < 8; funct3++) {
        if ((((match >>> 12) ^ funct3) & (mask >>> 12) & 7) == 0) {
          lists.get(((match >>> 2) & 31) << 3 | funct3).add(op);
        }
      }
    }
    for (int i = 0; i < 256; i++) {
      BUCKETS[i] = lists.get(i).stream().mapToInt(Integer::intValue).toArray();
    }
  }

  private InstructionSet() {}

  /** The number of a 32-bit instruction, or {@link Op#ILLEGAL}. */
  static int find(int instruction) {
    if ((instruction & 3) == 3) {
      for (int op : BUCKETS[((instruction >>> 2) & 31) << 3 | ((instruction >>> 12) & 7)]) {
        if ((instruction & MASKS[op]) == MATCHES[op]) {
          return op;
        }
      }
    }
    return Op.ILLEGAL;
  }

  static String name(int op) {
    return NAMES[op];
  }

  static InstructionFormat format(int op) {
    return FORMATS[op];
  }

  static int match(int op) {
    return MATCHES[op];
  }

  /** fast, call, fp or system: see the table. */
  static String how(int op) {
    return HOW[op];
  }
}
