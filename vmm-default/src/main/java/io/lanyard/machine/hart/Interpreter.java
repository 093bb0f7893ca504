package io.lanyard.machine.hart;

import io.lanyard.machine.bus.HostMemory;
import io.lanyard.machine.mmu.Mmu;
import java.lang.invoke.VarHandle;

/**
 * Executes micro-ops.
 *
 * <p>One method, one switch, everything hot in local variables. The method has to stay below 8,000
 * bytes of bytecode, or HotSpot never compiles it; a test reads the class file. So what is rare is
 * a call to {@link SlowOps}, {@link FloatOps} or {@link SystemOps}.
 *
 * <p>Instructions are counted at jumps: what was executed since the last is {@code i - start}. The
 * same place polls: when the budget is used up, pc is stored and the method returns. So an
 * interrupt waits for at most a slice of instructions.
 */
// LabelledBreakTarget: jumps to what is shared, without a test. IntLongMath: 32-bit shifts are
// meant.
@SuppressWarnings({"LabelledBreakTarget", "IntLongMath"})
final class Interpreter {
  private Interpreter() {}

  /** Executes until the budget is used up or the hart waits. */
  static void run(Core core) {
    final long[] x = core.x;
    final int m = x.length - 1; // this way the compiler sees that indices are in bounds
    final long[] codeTags = core.codeTags;
    outer:
    while (!core.waiting) {
      CodePage page = core.fetch();
      if (page == null) {
        return;
      }
      final long[] read = core.mmu.read;
      final long[] write = core.mmu.write;
      final int codeTag = core.mmu.codeTag;
      boolean floats = core.csrs.floatsAreDirty();
      long budget = core.budget;
      long base = core.pc & -4096;
      long[] ops = page.ops;
      int i = core.index;
      int start = i;
      int from = 0;
      loop:
      for (; ; ) {
        final long op = ops[i++];
        long address;
        fault:
        {
          memory:
          {
            jump:
            {
              switch ((int) op & 0xff) {
                case Op.RESOLVE -> {
                  i = page.resolve(from - 1);
                  start = i;
                  ops = page.ops;
                  continue loop;
                }
                case Op.GOTO -> {
                  budget -= i - 1 - start;
                  from = i;
                  i = (int) (op >>> 32);
                  start = i;
                  continue loop;
                }
                case Op.FAR -> {
                  address = base + (op >> 32);
                  start++; // not an instruction
                  break jump;
                }
                case Op.STRADDLE -> {
                  core.pc = base + 4094;
                  core.budget = budget - (i - 1 - start);
                  continue outer;
                }
                case Op.ILLEGAL -> {
                  core.illegal((int) (op >>> 32));
                  break fault;
                }
                case Op.LI -> {
                  x[(int) (op >>> 8) & m] = op >> 32;
                  continue loop;
                }
                case Op.JAL_FAR -> {
                  x[(int) (op >>> 8) & m] = base + ((int) (op >>> 16) & 0xffff);
                  address = base + (op >> 32);
                  break jump;
                }
                case Op.AUIPC -> {
                  x[(int) (op >>> 8) & m] = base + (op >> 32);
                  continue loop;
                }
                case Op.JAL -> {
                  x[(int) (op >>> 8) & m] = base + ((int) (op >>> 16) & 0xffff);
                }
                case Op.JALR -> {
                  address = (x[(int) (op >>> 16) & m] + (op >> 48)) & -2;
                  x[(int) (op >>> 8) & m] = base + ((int) (op >>> 32) & 0xffff);
                  break jump;
                }
                case Op.BEQ -> {
                  if (x[(int) (op >>> 16) & m] != x[(int) (op >>> 24) & m]) {
                    continue loop;
                  }
                }
                case Op.BNE -> {
                  if (x[(int) (op >>> 16) & m] == x[(int) (op >>> 24) & m]) {
                    continue loop;
                  }
                }
                case Op.BLT -> {
                  if (x[(int) (op >>> 16) & m] >= x[(int) (op >>> 24) & m]) {
                    continue loop;
                  }
                }
                case Op.BGE -> {
                  if (x[(int) (op >>> 16) & m] < x[(int) (op >>> 24) & m]) {
                    continue loop;
                  }
                }
                case Op.BLTU -> {
                  if (Long.compareUnsigned(x[(int) (op >>> 16) & m], x[(int) (op >>> 24) & m])
                      >= 0) {
                    continue loop;
                  }
                }
                case Op.BGEU -> {
                  if (Long.compareUnsigned(x[(int) (op >>> 16) & m], x[(int) (op >>> 24) & m])
                      < 0) {
                    continue loop;
                  }
                }
                case Op.LB -> {
                  address = x[(int) (op >>> 16) & m] + (op >> 32);
                  int e = (int) (address >>> 11) & Mmu.TLB_MASK;
                  if (read[e] == (address & -4096)) {
                    x[(int) (op >>> 8) & m] = HostMemory.getByte(address + read[e + 1]);
                    continue loop;
                  }
                  break memory;
                }
                case Op.LH -> {
                  address = x[(int) (op >>> 16) & m] + (op >> 32);
                  int e = (int) (address >>> 11) & Mmu.TLB_MASK;
                  if (read[e] == ((address + 1) & -4096)) {
                    x[(int) (op >>> 8) & m] = HostMemory.getShort(address + read[e + 1]);
                    continue loop;
                  }
                  break memory;
                }
                case Op.LW -> {
                  address = x[(int) (op >>> 16) & m] + (op >> 32);
                  int e = (int) (address >>> 11) & Mmu.TLB_MASK;
                  if (read[e] == ((address + 3) & -4096)) {
                    x[(int) (op >>> 8) & m] = HostMemory.getInt(address + read[e + 1]);
                    continue loop;
                  }
                  break memory;
                }
                case Op.LD -> {
                  address = x[(int) (op >>> 16) & m] + (op >> 32);
                  int e = (int) (address >>> 11) & Mmu.TLB_MASK;
                  if (read[e] == ((address + 7) & -4096)) {
                    x[(int) (op >>> 8) & m] = HostMemory.getLong(address + read[e + 1]);
                    continue loop;
                  }
                  break memory;
                }
                case Op.LBU -> {
                  address = x[(int) (op >>> 16) & m] + (op >> 32);
                  int e = (int) (address >>> 11) & Mmu.TLB_MASK;
                  if (read[e] == (address & -4096)) {
                    x[(int) (op >>> 8) & m] = HostMemory.getByte(address + read[e + 1]) & 0xffL;
                    continue loop;
                  }
                  break memory;
                }
                case Op.LHU -> {
                  address = x[(int) (op >>> 16) & m] + (op >> 32);
                  int e = (int) (address >>> 11) & Mmu.TLB_MASK;
                  if (read[e] == ((address + 1) & -4096)) {
                    x[(int) (op >>> 8) & m] = HostMemory.getShort(address + read[e + 1]) & 0xffffL;
                    continue loop;
                  }
                  break memory;
                }
                case Op.LWU -> {
                  address = x[(int) (op >>> 16) & m] + (op >> 32);
                  int e = (int) (address >>> 11) & Mmu.TLB_MASK;
                  if (read[e] == ((address + 3) & -4096)) {
                    x[(int) (op >>> 8) & m] =
                        HostMemory.getInt(address + read[e + 1]) & 0xffff_ffffL;
                    continue loop;
                  }
                  break memory;
                }
                case Op.FLW -> {
                  address = x[(int) (op >>> 16) & m] + (op >> 32);
                  int e = (int) (address >>> 11) & Mmu.TLB_MASK;
                  if (floats && read[e] == ((address + 3) & -4096)) {
                    x[(int) (op >>> 8) & m] =
                        HostMemory.getInt(address + read[e + 1]) | 0xffff_ffff_0000_0000L;
                    continue loop;
                  }
                  break memory;
                }
                case Op.FLD -> {
                  address = x[(int) (op >>> 16) & m] + (op >> 32);
                  int e = (int) (address >>> 11) & Mmu.TLB_MASK;
                  if (floats && read[e] == ((address + 7) & -4096)) {
                    x[(int) (op >>> 8) & m] = HostMemory.getLong(address + read[e + 1]);
                    continue loop;
                  }
                  break memory;
                }
                case Op.SB -> {
                  address = x[(int) (op >>> 16) & m] + (op >> 32);
                  int e = (int) (address >>> 11) & Mmu.TLB_MASK;
                  if (write[e] == (address & -4096)) {
                    HostMemory.putByte(address + write[e + 1], (byte) x[(int) (op >>> 24) & m]);
                    continue loop;
                  }
                  break memory;
                }
                case Op.SH -> {
                  address = x[(int) (op >>> 16) & m] + (op >> 32);
                  int e = (int) (address >>> 11) & Mmu.TLB_MASK;
                  if (write[e] == ((address + 1) & -4096)) {
                    HostMemory.putShort(address + write[e + 1], (short) x[(int) (op >>> 24) & m]);
                    continue loop;
                  }
                  break memory;
                }
                case Op.SW -> {
                  address = x[(int) (op >>> 16) & m] + (op >> 32);
                  int e = (int) (address >>> 11) & Mmu.TLB_MASK;
                  if (write[e] == ((address + 3) & -4096)) {
                    HostMemory.putInt(address + write[e + 1], (int) x[(int) (op >>> 24) & m]);
                    continue loop;
                  }
                  break memory;
                }
                case Op.SD -> {
                  address = x[(int) (op >>> 16) & m] + (op >> 32);
                  int e = (int) (address >>> 11) & Mmu.TLB_MASK;
                  if (write[e] == ((address + 7) & -4096)) {
                    HostMemory.putLong(address + write[e + 1], x[(int) (op >>> 24) & m]);
                    continue loop;
                  }
                  break memory;
                }
                case Op.FSW -> {
                  address = x[(int) (op >>> 16) & m] + (op >> 32);
                  int e = (int) (address >>> 11) & Mmu.TLB_MASK;
                  if (floats && write[e] == ((address + 3) & -4096)) {
                    HostMemory.putInt(address + write[e + 1], (int) x[(int) (op >>> 24) & m]);
                    continue loop;
                  }
                  break memory;
                }
                case Op.FSD -> {
                  address = x[(int) (op >>> 16) & m] + (op >> 32);
                  int e = (int) (address >>> 11) & Mmu.TLB_MASK;
                  if (floats && write[e] == ((address + 7) & -4096)) {
                    HostMemory.putLong(address + write[e + 1], x[(int) (op >>> 24) & m]);
                    continue loop;
                  }
                  break memory;
                }
                case Op.ADDI -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] + (op >> 32);
                  continue loop;
                }
                case Op.SLTI -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] < (op >> 32) ? 1 : 0;
                  continue loop;
                }
                case Op.SLTIU -> {
                  x[(int) (op >>> 8) & m] =
                      Long.compareUnsigned(x[(int) (op >>> 16) & m], (op >> 32)) < 0 ? 1 : 0;
                  continue loop;
                }
                case Op.XORI -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] ^ (op >> 32);
                  continue loop;
                }
                case Op.ORI -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] | (op >> 32);
                  continue loop;
                }
                case Op.ANDI -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] & (op >> 32);
                  continue loop;
                }
                case Op.SLLI -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] << (op >>> 32);
                  continue loop;
                }
                case Op.SRLI -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] >>> (op >>> 32);
                  continue loop;
                }
                case Op.SRAI -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] >> (op >>> 32);
                  continue loop;
                }
                case Op.ADDIW -> {
                  x[(int) (op >>> 8) & m] = (int) (x[(int) (op >>> 16) & m] + (op >> 32));
                  continue loop;
                }
                case Op.SLLIW -> {
                  x[(int) (op >>> 8) & m] = (long) ((int) x[(int) (op >>> 16) & m] << (op >>> 32));
                  continue loop;
                }
                case Op.SRLIW -> {
                  x[(int) (op >>> 8) & m] = (int) x[(int) (op >>> 16) & m] >>> (op >>> 32);
                  continue loop;
                }
                case Op.SRAIW -> {
                  x[(int) (op >>> 8) & m] = (int) x[(int) (op >>> 16) & m] >> (op >>> 32);
                  continue loop;
                }
                case Op.ADD -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] + x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.SUB -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] - x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.SLL -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] << x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.SLT -> {
                  x[(int) (op >>> 8) & m] =
                      x[(int) (op >>> 16) & m] < x[(int) (op >>> 24) & m] ? 1 : 0;
                  continue loop;
                }
                case Op.SLTU -> {
                  x[(int) (op >>> 8) & m] =
                      Long.compareUnsigned(x[(int) (op >>> 16) & m], x[(int) (op >>> 24) & m]) < 0
                          ? 1
                          : 0;
                  continue loop;
                }
                case Op.XOR -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] ^ x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.SRL -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] >>> x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.SRA -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] >> x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.OR -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] | x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.AND -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] & x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.ADDW -> {
                  x[(int) (op >>> 8) & m] =
                      (int) (x[(int) (op >>> 16) & m] + x[(int) (op >>> 24) & m]);
                  continue loop;
                }
                case Op.SUBW -> {
                  x[(int) (op >>> 8) & m] =
                      (int) (x[(int) (op >>> 16) & m] - x[(int) (op >>> 24) & m]);
                  continue loop;
                }
                case Op.SLLW -> {
                  x[(int) (op >>> 8) & m] =
                      (long) ((int) x[(int) (op >>> 16) & m] << x[(int) (op >>> 24) & m]);
                  continue loop;
                }
                case Op.SRLW -> {
                  x[(int) (op >>> 8) & m] =
                      (int) x[(int) (op >>> 16) & m] >>> x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.SRAW -> {
                  x[(int) (op >>> 8) & m] =
                      (int) x[(int) (op >>> 16) & m] >> x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.MUL -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] * x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.MULW -> {
                  x[(int) (op >>> 8) & m] =
                      (int) (x[(int) (op >>> 16) & m] * x[(int) (op >>> 24) & m]);
                  continue loop;
                }
                case Op.MULHU -> {
                  x[(int) (op >>> 8) & m] =
                      Math.unsignedMultiplyHigh(x[(int) (op >>> 16) & m], x[(int) (op >>> 24) & m]);
                  continue loop;
                }
                case Op.FENCE -> {
                  VarHandle.fullFence();
                  continue loop;
                }
                case Op.ADD_UW -> {
                  x[(int) (op >>> 8) & m] =
                      (x[(int) (op >>> 16) & m] & 0xffff_ffffL) + x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.SH1ADD -> {
                  x[(int) (op >>> 8) & m] =
                      (x[(int) (op >>> 16) & m] << 1) + x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.SH2ADD -> {
                  x[(int) (op >>> 8) & m] =
                      (x[(int) (op >>> 16) & m] << 2) + x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.SH3ADD -> {
                  x[(int) (op >>> 8) & m] =
                      (x[(int) (op >>> 16) & m] << 3) + x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.SH1ADD_UW -> {
                  x[(int) (op >>> 8) & m] =
                      ((x[(int) (op >>> 16) & m] & 0xffff_ffffL) << 1) + x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.SH2ADD_UW -> {
                  x[(int) (op >>> 8) & m] =
                      ((x[(int) (op >>> 16) & m] & 0xffff_ffffL) << 2) + x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.SH3ADD_UW -> {
                  x[(int) (op >>> 8) & m] =
                      ((x[(int) (op >>> 16) & m] & 0xffff_ffffL) << 3) + x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.SLLI_UW -> {
                  x[(int) (op >>> 8) & m] =
                      (x[(int) (op >>> 16) & m] & 0xffff_ffffL) << (op >>> 32);
                  continue loop;
                }
                case Op.ANDN -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] & ~x[(int) (op >>> 24) & m];
                  continue loop;
                }
                case Op.MIN -> {
                  x[(int) (op >>> 8) & m] =
                      Math.min(x[(int) (op >>> 16) & m], x[(int) (op >>> 24) & m]);
                  continue loop;
                }
                case Op.MAX -> {
                  x[(int) (op >>> 8) & m] =
                      Math.max(x[(int) (op >>> 16) & m], x[(int) (op >>> 24) & m]);
                  continue loop;
                }
                case Op.MINU -> {
                  x[(int) (op >>> 8) & m] =
                      Math.min(
                              x[(int) (op >>> 16) & m] + Long.MIN_VALUE,
                              x[(int) (op >>> 24) & m] + Long.MIN_VALUE)
                          + Long.MIN_VALUE;
                  continue loop;
                }
                case Op.MAXU -> {
                  x[(int) (op >>> 8) & m] =
                      Math.max(
                              x[(int) (op >>> 16) & m] + Long.MIN_VALUE,
                              x[(int) (op >>> 24) & m] + Long.MIN_VALUE)
                          + Long.MIN_VALUE;
                  continue loop;
                }
                case Op.SEXT_B -> {
                  x[(int) (op >>> 8) & m] = (byte) x[(int) (op >>> 16) & m];
                  continue loop;
                }
                case Op.SEXT_H -> {
                  x[(int) (op >>> 8) & m] = (short) x[(int) (op >>> 16) & m];
                  continue loop;
                }
                case Op.ZEXT_H -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] & 0xffff;
                  continue loop;
                }
                case Op.CTZ -> {
                  x[(int) (op >>> 8) & m] = Long.numberOfTrailingZeros(x[(int) (op >>> 16) & m]);
                  continue loop;
                }
                case Op.RORI -> {
                  x[(int) (op >>> 8) & m] =
                      Long.rotateRight(x[(int) (op >>> 16) & m], (int) (op >>> 32));
                  continue loop;
                }
                case Op.BEXTI -> {
                  x[(int) (op >>> 8) & m] = (x[(int) (op >>> 16) & m] >>> (op >>> 32)) & 1;
                  continue loop;
                }
                case Op.BSETI -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] | 1L << (op >>> 32);
                  continue loop;
                }
                case Op.BCLRI -> {
                  x[(int) (op >>> 8) & m] = x[(int) (op >>> 16) & m] & ~(1L << (op >>> 32));
                  continue loop;
                }
                case CodePage.CALL -> {
                  if (SlowOps.execute(core, op)) {
                    continue loop;
                  }
                  break fault;
                }
                case CodePage.FP -> {
                  if (FloatOps.execute(core, op)) {
                    floats = true;
                    continue loop;
                  }
                  break fault;
                }
                default -> {
                  core.pc = base + (page.info[i - 1] & CodePage.OFFSET_MASK);
                  core.budget = budget - (i - start);
                  if (!SystemOps.execute(core, op)) {
                    core.takeException();
                  }
                  continue outer;
                }
              }
              // A branch that is taken, or a jump, to the index in the micro-op.
              budget -= i - start;
              from = i;
              i = (int) (op >>> 32);
              start = i;
              if (budget > 0) {
                continue loop;
              }
              core.pc = base + (page.info[from - 1] >> CodePage.OFFSET_BITS);
              core.budget = budget;
              return;
            }
            // A jump to an address.
            budget -= i - start;
            int t = (int) (address >>> 12) & Core.CODE_MASK;
            if (budget > 0 && codeTags[t] == ((address & -4096) | codeTag)) {
              page = core.codePages[t];
              i = page.entry[(int) (address & 4095) >>> 1];
              if (i != 0) {
                start = i;
                ops = page.ops;
                base = address & -4096;
                continue loop;
              }
            }
            core.pc = address;
            core.budget = budget;
            continue outer;
          }
          // An access that the TLB does not know.
          if (MemoryOps.execute(core, op, address)) {
            floats = core.csrs.floatsAreDirty();
            continue loop;
          }
        }
        core.pc = base + (page.info[i - 1] & CodePage.OFFSET_MASK);
        core.budget = budget - (i - start);
        core.takeException();
        continue outer;
      }
    }
  }
}
