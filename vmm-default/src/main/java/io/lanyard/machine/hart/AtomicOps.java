package io.lanyard.machine.hart;

import io.lanyard.machine.bus.HostMemory;
import io.lanyard.machine.mmu.Mmu;

/**
 * Atomic memory operations, and those on cache blocks.
 *
 * <p>All are sequentially consistent, whatever their aq and rl say. LR notes the address and what
 * was there; SC of the same width succeeds if it is still there, by a compare and swap: another
 * hart's store of the same value goes unnoticed, which no program can tell from one that came
 * before. A value that another hart replaced and put back goes unnoticed, too: who loops around LR
 * and SC gets a compare and swap, which is what compilers and kernels make of them.
 */
final class AtomicOps {
  /** Bytes that cbo.zero clears; in the device tree as riscv,cboz-block-size. */
  static final int BLOCK = 64;

  /** In a reservation: that it is a double word's. */
  private static final long DOUBLE = 1;

  private AtomicOps() {}

  static boolean execute(
      Core core, int number, int instruction, int rd, long address, long operand) {
    if (number >= Op.LR_W && number <= Op.AMOMAXU_W) {
      return word(core, number, rd, address, (int) operand);
    }
    if (number >= Op.LR_D && number <= Op.AMOMAXU_D) {
      return doubleWord(core, number, rd, address, operand);
    }
    return block(core, number, instruction, address);
  }

  private static boolean word(Core core, int number, int rd, long address, int operand) {
    long host = core.atomic(address, 4, number == Op.LR_W ? Mmu.LOAD : Mmu.STORE);
    if (host == 0) {
      return false;
    }
    int old;
    switch (number) {
      case Op.LR_W -> {
        old = HostMemory.getIntVolatile(host);
        core.reservation = host;
        core.reserved = old;
      }
      case Op.SC_W -> {
        boolean done =
            core.reservation == host
                && HostMemory.compareAndSetInt(host, (int) core.reserved, operand);
        core.reservation = 0;
        old = done ? 0 : 1;
      }
      case Op.AMOSWAP_W -> old = HostMemory.getAndSetInt(host, operand);
      case Op.AMOADD_W -> old = HostMemory.getAndAddInt(host, operand);
      default -> {
        int value;
        do {
          old = HostMemory.getIntVolatile(host);
          value =
              switch (number) {
                case Op.AMOXOR_W -> old ^ operand;
                case Op.AMOAND_W -> old & operand;
                case Op.AMOOR_W -> old | operand;
                case Op.AMOMIN_W -> Math.min(old, operand);
                case Op.AMOMAX_W -> Math.max(old, operand);
                case Op.AMOMINU_W -> Integer.compareUnsigned(old, operand) < 0 ? old : operand;
                default -> Integer.compareUnsigned(old, operand) > 0 ? old : operand;
              };
        } while (!HostMemory.compareAndSetInt(host, old, value));
      }
    }
    core.x[rd] = old;
    return true;
  }

  private static boolean doubleWord(Core core, int number, int rd, long address, long operand) {
    long host = core.atomic(address, 8, number == Op.LR_D ? Mmu.LOAD : Mmu.STORE);
    if (host == 0) {
      return false;
    }
    long old;
    switch (number) {
      case Op.LR_D -> {
        old = HostMemory.getLongVolatile(host);
        core.reservation = host | DOUBLE;
        core.reserved = old;
      }
      case Op.SC_D -> {
        boolean done =
            core.reservation == (host | DOUBLE)
                && HostMemory.compareAndSetLong(host, core.reserved, operand);
        core.reservation = 0;
        old = done ? 0 : 1;
      }
      case Op.AMOSWAP_D -> old = HostMemory.getAndSetLong(host, operand);
      case Op.AMOADD_D -> old = HostMemory.getAndAddLong(host, operand);
      default -> {
        long value;
        do {
          old = HostMemory.getLongVolatile(host);
          value =
              switch (number) {
                case Op.AMOXOR_D -> old ^ operand;
                case Op.AMOAND_D -> old & operand;
                case Op.AMOOR_D -> old | operand;
                case Op.AMOMIN_D -> Math.min(old, operand);
                case Op.AMOMAX_D -> Math.max(old, operand);
                case Op.AMOMINU_D -> Long.compareUnsigned(old, operand) < 0 ? old : operand;
                default -> Long.compareUnsigned(old, operand) > 0 ? old : operand;
              };
        } while (!HostMemory.compareAndSetLong(host, old, value));
      }
    }
    core.x[rd] = old;
    return true;
  }

  /** CMO spec: there is no cache, so only permissions and zeroing are left. */
  private static boolean block(Core core, int number, int instruction, long address) {
    long enabled =
        switch (number) {
          case Op.CBO_ZERO -> Csrs.CBZE;
          case Op.CBO_INVAL -> Csrs.CBIE;
          default -> Csrs.CBCFE;
        };
    if ((core.privilege < 3 && (core.csrs.menvcfg & enabled) == 0)
        || (core.privilege == 0 && (core.csrs.senvcfg & enabled) == 0)) {
      return core.illegal(instruction);
    }
    long first = address & -BLOCK;
    if (number != Op.CBO_ZERO) {
      // Allowed where a load or a store is; faults count as a store's.
      if (core.mmu.translate(first, BLOCK, Mmu.LOAD) != Mmu.FAULT
          || core.mmu.translate(first, BLOCK, Mmu.STORE) != Mmu.FAULT) {
        return true;
      }
      return core.exception(core.mmu.cause, address);
    }
    long physical = core.mmu.translate(first, BLOCK, Mmu.STORE);
    if (physical == Mmu.FAULT) {
      return core.exception(core.mmu.cause, address);
    }
    if (!core.ram.contains(physical, BLOCK)) {
      return core.exception(Mmu.accessFault(Mmu.STORE), address);
    }
    HostMemory.zero(physical + core.ramBias, BLOCK);
    return true;
  }
}
