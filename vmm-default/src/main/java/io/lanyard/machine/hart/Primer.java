package io.lanyard.machine.hart;

import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.bus.Ram;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * Shows the compiler all of the interpreter before the first guest does.
 *
 * <p>HotSpot's second compiler leaves out what a profile has not seen, and throws the code away
 * when it is met; for the dispatch method that costs a second of slow execution, and a boot met
 * something new ten times. So a little machine first executes every micro-op with every outcome,
 * while the first compiler's code takes the profile. The flat profile also makes the switch a jump
 * table.
 */
final class Primer {
  /** Enough to be compiled once with profiling, and to be executed a while after that. */
  private static final int ROUNDS = 250;

  private static final long CODE = Ram.BASE;
  private static final long FAR_CODE = Ram.BASE + 0x2000;
  private static final long DATA = Ram.BASE + 0x4000;
  private static final long HANDLER = Ram.BASE + 0x3000;

  private static final AtomicBoolean DONE = new AtomicBoolean();

  private int at;
  private final Ram ram;

  private Primer(Ram ram) {
    this.ram = ram;
  }

  /**
   * Does it, once per process. It takes half a second of processor time, which is long on a busy
   * host: a hart that is to stop meanwhile leaves it to the next one.
   *
   * @param stop looked at every few milliseconds; whether to give up
   */
  static void prime(BooleanSupplier stop) {
    if (DONE.compareAndSet(false, true) && !rehearse(stop)) {
      DONE.set(false);
    }
  }

  /** Does it; false if it gave up. */
  static boolean rehearse(BooleanSupplier stop) {
    try (Ram ram = Ram.allocate(64 << 10)) {
      return new Primer(ram).execute(stop);
    }
  }

  private boolean execute(BooleanSupplier stop) {
    assemble();
    var time = new Timebase();
    var core =
        new Core(0, new Bus(ram), time, new Interrupts(time), null, new CodeBudget(1 << 20).open());
    for (int round = 0; round < ROUNDS; round++) {
      if (stop.getAsBoolean()) {
        return false;
      }
      core.forgetCode();
      if ((round & 15) == 0) {
        core.cache.clear();
        core.mmu.flush();
      }
      core.csrs.mstatus = (round & 3) == 0 ? 0 : Csrs.FS;
      core.csrs.mtvec = HANDLER;
      core.contextChanged();
      core.pc = CODE;
      core.waiting = false;
      for (int slice = 0; slice < 400 && !core.waiting; slice++) {
        core.x[8] = DATA + 0xffb; // loads and stores that cross pages
        core.x[9] = DATA + 0x800;
        core.budget = 1L + (round + slice) % 40;
        Interpreter.run(core);
      }
      if ((round & 31) == 0) {
        core.waiting = false;
        core.pc = 0; // neither code nor a handler: the budget is used up by exceptions
        core.csrs.mtvec = 0;
        core.budget = 3;
        Interpreter.run(core);
      }
    }
    return true;
  }

  private void assemble() {
    at = 0;
    for (int pass = 0; pass < 2; pass++) {
      for (int op = Op.AUIPC; op < Op.COUNT; op++) {
        if (op < Op.FAST || !InstructionSet.how(op).equals("system")) {
          instruction(op, pass == 0 ? 8 : 9);
        }
      }
    }
    word(0xffff_ffff); // illegal
    word(0x0000_100f); // fence.i
    word(0x3400_2573); // csrr a0, mscratch
    for (int i = 0; i < 3; i++) {
      jal(1, (int) (FAR_CODE - CODE) - at); // far away and back
    }
    jal(0, 4); // so that the decoder begins anew
    jal(0, 0xffe - at);
    at = 0xffe;
    word(0x0015_0513); // addi a0, a0, 1 across two pages
    jal(0, 0x200);
    at += 0x1fc;
    word(0x1050_0073); // wfi
    at = (int) (FAR_CODE - CODE) + 0x800;
    word(0x0000_8067); // ret
    at = (int) (FAR_CODE - CODE);
    branch(Op.BEQ, 0, 0, -8); // to the page before, which leads back here
    at = (int) (FAR_CODE - CODE) - 8;
    jal(0, 0x808);
    at = (int) (HANDLER - CODE);
    word(0x3410_2573); // csrr a0, mepc
    word(0x0045_0513); // addi a0, a0, 4
    word(0x3415_1073); // csrw mepc, a0
    word(0x3020_0073); // mret
  }

  private void instruction(int op, int address) {
    int match = InstructionSet.match(op);
    switch (InstructionSet.format(op)) {
      case B -> {
        branch(op, 0, 0, 8);
        word(0x13);
        branch(op, 0, 9, 8);
        word(0x13);
        branch(op, 9, 0, 8);
        word(0x13);
      }
      case J -> jal(1, 4);
      case I -> {
        if (op == Op.JALR) {
          word(0x0000_0517); // auipc a0, 0
          word(match | 1 << 7 | 10 << 15 | 8 << 20);
        } else {
          boolean loads = op < Op.ADDI;
          word(match | 12 << 7 | (loads || address == 8 ? address : 0) << 15 | 4 << 20);
        }
      }
      case S -> word(match | address << 15 | 13 << 20 | 4 << 7);
      case AMO, LR, CBO -> word(match | 9 << 15);
      case U -> word(match | 12 << 7);
      case FR, FU, R4 -> word(match | 12 << 7 | 13 << 15 | 14 << 20);
      case R ->
          word(match | 12 << 7 | (address == 8 ? 8 << 15 : 9 << 20)); // greater and less than 0
      default -> word(match | 12 << 7 | 13 << 15);
    }
  }

  private void jal(int rd, int to) {
    word(
        0x6f
            | rd << 7
            | (to >> 20 & 1) << 31
            | (to >> 1 & 0x3ff) << 21
            | (to >> 11 & 1) << 20
            | (to >> 12 & 0xff) << 12);
  }

  private void branch(int op, int rs1, int rs2, int to) {
    word(
        InstructionSet.match(op)
            | rs1 << 15
            | rs2 << 20
            | (to >> 12 & 1) << 31
            | (to >> 5 & 63) << 25
            | (to >> 1 & 15) << 8
            | (to >> 11 & 1) << 7);
  }

  private void word(int instruction) {
    ram.putInt(CODE + at, instruction);
    at += 4;
  }
}
