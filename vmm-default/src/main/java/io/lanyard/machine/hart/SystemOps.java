package io.lanyard.machine.hart;

/**
 * Instructions after which everything may be different: CSR accesses, returns from traps, fences.
 *
 * <p>pc is the instruction's, budget is up to date. They leave pc where execution goes on.
 */
final class SystemOps {
  private SystemOps() {}

  /** Executes one; false if there is an exception to take. */
  static boolean execute(Core core, long op) {
    int number = (int) (op >>> 8) & 0xff;
    int instruction = (int) (op >>> 32);
    switch (number) {
      case Op.CSRRW, Op.CSRRS, Op.CSRRC, Op.CSRRWI, Op.CSRRSI, Op.CSRRCI -> {
        return csr(core, number, op, instruction);
      }
      case Op.FENCE_I -> {
        core.cache.newGeneration();
        core.forgetCode();
      }
      case Op.ECALL -> {
        return ecall(core);
      }
      case Op.EBREAK -> {
        return core.exception(3, core.pc);
      }
      case Op.MRET -> {
        if (core.privilege != 3) {
          return core.illegal(instruction);
        }
        core.csrs.mret();
        core.csrs.interrupt(core.interrupts.mip());
        return true;
      }
      case Op.SRET -> {
        if (core.privilege == 0 || (core.privilege == 1 && (core.csrs.mstatus & Csrs.TSR) != 0)) {
          return core.illegal(instruction);
        }
        core.csrs.sret();
        core.csrs.interrupt(core.interrupts.mip());
        return true;
      }
      case Op.WFI -> {
        if ((core.privilege < 3 && (core.csrs.mstatus & Csrs.TW) != 0) || core.privilege == 0) {
          return core.illegal(instruction);
        }
        core.waiting = true;
      }
      case Op.WRS_NTO, Op.WRS_STO -> {
        if (number == Op.WRS_NTO && core.privilege < 3 && (core.csrs.mstatus & Csrs.TW) != 0) {
          return core.illegal(instruction);
        }
        core.waiting = core.reservation != 0;
        core.waitingShortly = core.waiting;
      }
      case Op.SFENCE_VMA, Op.SINVAL_VMA -> {
        if (core.privilege == 0 || (core.privilege == 1 && (core.csrs.mstatus & Csrs.TVM) != 0)) {
          return core.illegal(instruction);
        }
        fence(core, instruction);
      }
      case Op.SFENCE_W_INVAL, Op.SFENCE_INVAL_IR -> {
        if (core.privilege == 0) {
          return core.illegal(instruction);
        }
      }
      default -> {
        return core.illegal(instruction);
      }
    }
    core.pc += 4;
    return true;
  }

  private static boolean ecall(Core core) {
    if (core.privilege == 1) {
      long pc = core.pc;
      core.pc = pc + 4;
      if (core.environment.getAsBoolean()) {
        return true;
      }
      core.pc = pc;
    }
    return core.exception(8 + core.privilege, 0);
  }

  private static void fence(Core core, int instruction) {
    int rs1 = (instruction >>> 15) & 31;
    int rs2 = (instruction >>> 20) & 31;
    if (rs1 != 0) {
      core.mmu.flushAddress(core.x[rs1]);
    } else if (rs2 != 0) {
      core.mmu.flushSpace(core.x[rs2] & 0xffff);
    } else {
      core.mmu.flush();
    }
    core.contextChanged();
  }

  private static boolean csr(Core core, int number, long op, int instruction) {
    Csrs csrs = core.csrs;
    int csr = instruction >>> 20;
    int rs1 = (instruction >>> 15) & 31;
    int rd = (int) (op >>> 16) & 0xff;
    boolean immediate = number >= Op.CSRRWI;
    boolean replaces = number == Op.CSRRW || number == Op.CSRRWI;
    long operand = immediate ? rs1 : core.x[rs1];
    boolean reads = !replaces || rd != Core.SINK;
    boolean writes = replaces || rs1 != 0;
    long old = 0;
    if (reads) {
      if (!csrs.read(csr, core.privilege)) {
        return core.illegal(instruction);
      }
      old = csrs.value;
    }
    if (writes) {
      long base = old;
      if (csr == 0x344 && !replaces && !core.interrupts.softwareExternal()) {
        base &= ~(long) Interrupts.SEIP; // the line is not written back: privileged spec, mip
      }
      boolean clears = number == Op.CSRRC || number == Op.CSRRCI;
      long value = replaces ? operand : clears ? base & ~operand : base | operand;
      long seen = reads ? old : -1;
      if (!csrs.write(csr, value, core.privilege, seen, replaces ? -1 : operand)) {
        return core.illegal(instruction);
      }
    }
    core.x[rd] = old;
    core.pc += 4;
    if (writes && csr < 0x400 && csr >= 0x100) {
      csrs.interrupt(core.interrupts.mip()); // what was written may have enabled one
    }
    return true;
  }
}
