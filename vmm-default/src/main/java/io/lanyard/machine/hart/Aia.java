package io.lanyard.machine.hart;

/**
 * The control and status registers of Smaia and Ssaia (RISC-V Advanced Interrupt Architecture 1.0,
 * chapters 2 and 5), with an IMSIC.
 *
 * <p>What the architecture leaves open is the least that it allows: priorities of major interrupts
 * are fixed (the iprio arrays read as 0), and {@code mvien} has no writable bit.
 *
 * <p>Thread: the hart's own.
 */
final class Aia {
  private static final int MVIEN = 0x308;
  private static final int MVIP = 0x309;
  private static final int MISELECT = 0x350;
  private static final int MIREG = 0x351;
  private static final int MTOPEI = 0x35c;
  private static final int MTOPI = 0xfb0;
  private static final int SISELECT = 0x150;
  private static final int SIREG = 0x151;
  private static final int STOPEI = 0x15c;
  private static final int STOPI = 0xdb0;

  /** The range that {@code miselect} must hold with an IMSIC. */
  private static final long MACHINE_SELECT = 0xff;

  /** Section 2.2: more than is used, as a virtual machine would have. */
  private static final long SUPERVISOR_SELECT = 0x1ff;

  private static final int FIRST_PRIORITY = 0x30;
  private static final int LAST_PRIORITY = 0x3f;

  /** Section 5.2.2: where priorities are fixed, IPRIO may always be 1. */
  private static final int PRIORITY = 1;

  private static final int SOFTWARE = Interrupts.SSIP | Interrupts.STIP | Interrupts.SEIP;

  final InterruptFile machine;
  final InterruptFile supervisor;
  private final Interrupts interrupts;
  private int machineSelect;
  private int supervisorSelect;

  Aia(Interrupts interrupts) {
    this.interrupts = interrupts;
    machine = new InterruptFile(interrupts, Hart.MEI);
    supervisor = new InterruptFile(interrupts, Hart.SEI);
  }

  void reset() {
    machineSelect = 0;
    supervisorSelect = 0;
    machine.reset();
    supervisor.reset();
  }

  /** Reads one of these registers into the hart's; false if it does not exist. */
  boolean read(Csrs csrs, int n) {
    switch (n) {
      case MVIEN -> csrs.value = 0;
      case MVIP -> csrs.value = interrupts.software();
      case MISELECT -> csrs.value = machineSelect;
      case SISELECT -> csrs.value = supervisorSelect;
      case MTOPEI -> csrs.value = machine.top();
      case STOPEI -> csrs.value = supervisor.top();
      case MTOPI -> csrs.value = top(interrupts.poll() & (int) (csrs.mie & ~csrs.mideleg));
      case STOPI -> csrs.value = top(interrupts.poll() & (int) (csrs.mie & csrs.mideleg));
      case MIREG -> {
        return read(csrs, machine, machineSelect);
      }
      case SIREG -> {
        return read(csrs, supervisor, supervisorSelect);
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private static int top(int ready) {
    return ready == 0 ? 0 : Interrupts.mostUrgent(ready) << 16 | PRIORITY;
  }

  private static boolean read(Csrs csrs, InterruptFile file, int select) {
    if (isPriority(select)) {
      csrs.value = 0;
      return true;
    }
    if (!InterruptFile.exists(select)) {
      return false;
    }
    csrs.value = file.read(select);
    return true;
  }

  private static boolean isPriority(int select) {
    return select >= FIRST_PRIORITY && select <= LAST_PRIORITY && (select & 1) == 0;
  }

  /**
   * Writes one of these registers; false if it does not exist.
   *
   * @param seen what the same instruction read, or all ones if it did not read
   * @param altered the bits that the instruction means
   */
  boolean write(int n, long value, long seen, long altered) {
    switch (n) {
      case MVIEN -> {
        // No bit of it can be set.
      }
      case MVIP -> interrupts.write(SOFTWARE, (int) value);
      case MISELECT -> machineSelect = (int) (value & MACHINE_SELECT);
      case SISELECT -> supervisorSelect = (int) (value & SUPERVISOR_SELECT);
      case MTOPEI -> machine.claim(seen == -1 ? machine.top() : (int) seen);
      case STOPEI -> supervisor.claim(seen == -1 ? supervisor.top() : (int) seen);
      case MIREG -> {
        return write(machine, machineSelect, value, seen, altered);
      }
      case SIREG -> {
        return write(supervisor, supervisorSelect, value, seen, altered);
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private static boolean write(
      InterruptFile file, int select, long value, long seen, long altered) {
    if (isPriority(select)) {
      return true;
    }
    if (!InterruptFile.exists(select)) {
      return false;
    }
    file.write(select, value, seen, altered);
    return true;
  }
}
