package io.lanyard.machine.hart;

/** Loads and stores that the interpreter's fast path could not do. */
final class MemoryOps {
  private MemoryOps() {}

  /** Executes one; false if there is an exception to take. */
  static boolean execute(Core core, long op, long address) {
    int number = (int) op & 0xff;
    int size =
        switch (number) {
          case Op.LB, Op.LBU, Op.SB -> 1;
          case Op.LH, Op.LHU, Op.SH -> 2;
          case Op.LW, Op.LWU, Op.FLW, Op.SW, Op.FSW -> 4;
          default -> 8;
        };
    switch (number) {
      case Op.FLW, Op.FLD, Op.FSW, Op.FSD -> {
        if (core.csrs.floatsOff()) {
          return core.illegalHere();
        }
      }
      default -> {}
    }
    if (number >= Op.SB && number <= Op.FSD) {
      return core.store(address, size, core.x[(int) (op >>> 24) & 127]);
    }
    if (!core.load(address, size)) {
      return false;
    }
    long value = core.loaded;
    core.x[(int) (op >>> 8) & 127] =
        switch (number) {
          case Op.LB -> (byte) value;
          case Op.LH -> (short) value;
          case Op.LW -> (int) value;
          case Op.FLW -> value | 0xffff_ffff_0000_0000L;
          default -> value;
        };
    if (number == Op.FLW || number == Op.FLD) {
      core.csrs.floatsDirty();
    }
    return true;
  }
}
