package io.lanyard.machine.hart;

/**
 * Control and status registers, and what they make of traps: privileged spec, chapters 2 to 4.
 *
 * <p>Thread: the hart's own.
 */
final class Csrs {
  static final long SIE = 1L << 1;
  static final long MIE = 1L << 3;
  static final long SPIE = 1L << 5;
  static final long MPIE = 1L << 7;
  static final long SPP = 1L << 8;
  static final int MPP_SHIFT = 11;
  static final long MPP = 3L << MPP_SHIFT;
  static final long FS = 3L << 13;
  static final long MPRV = 1L << 17;
  static final long SUM = 1L << 18;
  static final long MXR = 1L << 19;
  static final long TVM = 1L << 20;
  static final long TW = 1L << 21;
  static final long TSR = 1L << 22;
  private static final long XLENS = 2L << 32 | 2L << 34;
  private static final long SD = 1L << 63;
  private static final long MSTATUS_WRITABLE =
      SIE | MIE | SPIE | MPIE | SPP | MPP | FS | MPRV | SUM | MXR | TVM | TW | TSR;
  private static final long SSTATUS_WRITABLE = SIE | SPIE | SPP | FS | SUM | MXR;
  private static final long SSTATUS_VISIBLE = SSTATUS_WRITABLE | 3L << 32 | SD;

  private static final long MISA = 2L << 62 | 0b1_0100_0001_0001_0010_1111L; // USMIFDCBA
  private static final long DELEGABLE_EXCEPTIONS = 0xb3ff;
  private static final int SUPERVISOR_INTERRUPTS =
      Interrupts.SSIP | Interrupts.STIP | Interrupts.SEIP;
  private static final int ALL_INTERRUPTS =
      SUPERVISOR_INTERRUPTS | Interrupts.MSIP | Interrupts.MTIP | Interrupts.MEIP;

  static final long CBIE = 3L << 4;
  static final long CBCFE = 1L << 6;
  static final long CBZE = 1L << 7;
  private static final long PBMTE = 1L << 62;
  private static final long STCE = 1L << 63;
  private static final long SENVCFG_WRITABLE = 1 | CBIE | CBCFE | CBZE;

  private final Core core;

  long mstatus;
  long medeleg;
  long mideleg;
  long mie;
  long mtvec;
  long mcounteren;
  long menvcfg;
  long mscratch;
  long mepc;
  long mcause;
  long mtval;
  long stvec;
  long scounteren;
  long senvcfg;
  long sscratch;
  long sepc;
  long scause;
  long stval;
  long satp;

  /** Accrued exceptions: NV 16, DZ 8, OF 4, UF 2, NX 1. */
  int fflags;

  /** Dynamic rounding mode. */
  int frm;

  private final Counters counters;

  /** The value that {@link #read} read. */
  long value;

  Csrs(Core core) {
    this.core = core;
    counters = new Counters(core);
  }

  void reset() {
    mstatus = 0;
    medeleg = 0;
    mideleg = 0;
    mie = 0;
    mtvec = 0;
    mcounteren = 0;
    menvcfg = 0;
    mcause = 0;
    stvec = 0;
    scounteren = 0;
    senvcfg = 0;
    satp = 0;
    fflags = 0;
    frm = 0;
    counters.reset();
  }

  boolean memoryTypes() {
    return (menvcfg & PBMTE) != 0;
  }

  boolean floatsOff() {
    return (mstatus & FS) == 0;
  }

  boolean floatsAreDirty() {
    return (mstatus & FS) == FS;
  }

  void floatsDirty() {
    mstatus |= FS;
  }

  /** Enters a handler; pc is what the handler returns to. */
  void trap(int cause, long tval, boolean interrupt) {
    long delegated = interrupt ? mideleg : medeleg;
    long code = interrupt ? cause | 1L << 63 : cause;
    int from = core.privilege;
    long vector;
    if (from <= 1 && (delegated >>> cause & 1) != 0) {
      scause = code;
      sepc = core.pc;
      stval = tval;
      long sie = mstatus & SIE;
      mstatus = (mstatus & ~(SIE | SPIE | SPP)) | sie << 4 | (long) from << 8;
      core.privilege = 1;
      vector = stvec;
    } else {
      mcause = code;
      mepc = core.pc;
      mtval = tval;
      long enabled = mstatus & MIE;
      mstatus = (mstatus & ~(MIE | MPIE | MPP)) | enabled << 4 | (long) from << MPP_SHIFT;
      core.privilege = 3;
      vector = mtvec;
    }
    core.reservation = 0; // or a handler's sc might succeed for who was interrupted
    core.pc = (vector & ~3L) + (interrupt && (vector & 1) != 0 ? 4L * cause : 0);
    core.contextChanged();
  }

  /** Takes the most urgent interrupt that is pending and enabled, if any; true if it did. */
  boolean interrupt(int mip) {
    int ready = mip & (int) mie;
    if (ready == 0) {
      return false;
    }
    int machine = ready & ~(int) mideleg;
    int supervisor = ready & (int) mideleg;
    if (core.privilege == 3 && (mstatus & MIE) == 0) {
      machine = 0;
    }
    if (core.privilege == 3 || (core.privilege == 1 && (mstatus & SIE) == 0)) {
      supervisor = 0;
    }
    int which = machine != 0 ? machine : supervisor;
    if (which == 0) {
      return false;
    }
    trap(Interrupts.mostUrgent(which), 0, true);
    return true;
  }

  void mret() {
    int to = (int) (mstatus >>> MPP_SHIFT) & 3;
    long enabled = (mstatus & MPIE) >>> 4;
    mstatus = (mstatus & ~(MIE | MPP)) | enabled | MPIE;
    if (to != 3) {
      mstatus &= ~MPRV;
    }
    core.privilege = to;
    core.pc = mepc;
    core.contextChanged();
  }

  void sret() {
    int to = (mstatus & SPP) != 0 ? 1 : 0;
    long enabled = (mstatus & SPIE) >>> 4;
    mstatus = (mstatus & ~(SIE | SPP | MPRV)) | enabled | SPIE;
    core.privilege = to;
    core.pc = sepc;
    core.contextChanged();
  }

  /** Reads a CSR into {@link #value}, as a privilege may; false if it may not. */
  boolean read(int n, int privilege) {
    if (privilege < ((n >>> 8) & 3)) {
      return false;
    }
    if (n >= 0xc00 && n < 0xc20) {
      return readCounter(n & 31, privilege);
    }
    if (n >= 0xb00 && n < 0xb20 && n != 0xb01) {
      value = counters.read(n & 31);
      return true;
    }
    if (n >= 0x323 && n < 0x340) {
      value = 0; // mhpmevent3 to 31
      return true;
    }
    if (n >= 0x3a0 && n < 0x3b0) {
      value = core.mmu.pmp().config(n & 15);
      return (n & 1) == 0;
    }
    if (n >= 0x3b0 && n < 0x3f0) {
      value = core.mmu.pmp().address(n - 0x3b0);
      return true;
    }
    if (n < 0x100) {
      return readFloat(n);
    }
    switch (n) {
      case 0x100 -> value = status() & SSTATUS_VISIBLE;
      case 0x104 -> value = mie & mideleg;
      case 0x105 -> value = stvec;
      case 0x106 -> value = scounteren;
      case 0x10a -> value = senvcfg;
      case 0x140 -> value = sscratch;
      case 0x141 -> value = sepc;
      case 0x142 -> value = scause;
      case 0x143 -> value = stval;
      case 0x144 -> value = core.interrupts.poll() & mideleg;
      case 0x14d -> {
        value = core.interrupts.supervisorTime();
        return supervisorTimeAllowed(privilege);
      }
      case 0x180 -> {
        value = satp;
        return privilege == 3 || (mstatus & TVM) == 0;
      }
      case 0x300 -> value = status();
      case 0x301 -> value = MISA;
      case 0x302 -> value = medeleg;
      case 0x303 -> value = mideleg;
      case 0x304 -> value = mie;
      case 0x305 -> value = mtvec;
      case 0x306 -> value = mcounteren;
      case 0x30a -> value = menvcfg;
      case 0x320 -> value = counters.inhibited();
      case 0x340 -> value = mscratch;
      case 0x341 -> value = mepc;
      case 0x342 -> value = mcause;
      case 0x343 -> value = mtval;
      case 0x344 -> value = core.interrupts.poll();
      case 0x7a0, 0x7a1, 0x7a2, 0x7a3 -> value = 0; // tselect, tdata1 to 3: no triggers
      case 0xf11, 0xf12, 0xf13, 0xf15 -> value = 0; // not a commercial implementation
      case 0xf14 -> value = core.id;
      default -> {
        return core.aia != null && core.aia.read(this, n);
      }
    }
    return true;
  }

  private boolean readCounter(int counter, int privilege) {
    if (privilege < 3 && (mcounteren >>> counter & 1) == 0) {
      return false;
    }
    if (privilege == 0 && (scounteren >>> counter & 1) == 0) {
      return false;
    }
    value = counter == 1 ? core.time.now() : counters.read(counter);
    return true;
  }

  private boolean readFloat(int n) {
    if (floatsOff()) {
      return false;
    }
    switch (n) {
      case 1 -> value = fflags;
      case 2 -> value = frm;
      case 3 -> value = (long) (frm << 5 | fflags);
      default -> {
        return false;
      }
    }
    return true;
  }

  private long status() {
    return mstatus | XLENS | ((mstatus & FS) == FS ? SD : 0);
  }

  private boolean supervisorTimeAllowed(int privilege) {
    return privilege == 3 || ((menvcfg & STCE) != 0 && (mcounteren & 2) != 0);
  }

  /** Writes a CSR without reading it, as a privilege may; false if it may not. */
  boolean write(int n, long v, int privilege) {
    return write(n, v, privilege, -1, -1);
  }

  /**
   * Writes a CSR, as a privilege may; false if it may not.
   *
   * @param seen what the same instruction read, or all ones if it did not read
   * @param altered the bits that the instruction means: devices write some registers meanwhile
   */
  boolean write(int n, long v, int privilege, long seen, long altered) {
    if (privilege < ((n >>> 8) & 3) || n >>> 10 == 3) {
      return false;
    }
    if (n >= 0xb00 && n < 0xb20 && n != 0xb01) {
      counters.write(n & 31, v);
      return true;
    }
    if (n >= 0x323 && n < 0x340) {
      return true;
    }
    if (n >= 0x3a0 && n < 0x3f0) {
      return writePmp(n, v);
    }
    if (n < 0x100) {
      return writeFloat(n, (int) v);
    }
    switch (n) {
      case 0x100 -> writeStatus(SSTATUS_WRITABLE, v);
      case 0x104 -> mie = (mie & ~mideleg) | (v & mideleg & ALL_INTERRUPTS);
      case 0x105 -> stvec = v & ~2L;
      case 0x106 -> scounteren = v & 0xffff_ffffL;
      case 0x10a -> senvcfg = environment(v, SENVCFG_WRITABLE);
      case 0x140 -> sscratch = v;
      case 0x141 -> sepc = v & ~1L;
      case 0x142 -> scause = v;
      case 0x143 -> stval = v;
      case 0x144 -> core.interrupts.write((int) mideleg & Interrupts.SSIP, (int) v);
      case 0x14d -> {
        if (!supervisorTimeAllowed(privilege)) {
          return false;
        }
        core.interrupts.supervisorTime(v);
      }
      case 0x180 -> {
        if (privilege != 3 && (mstatus & TVM) != 0) {
          return false;
        }
        writeSatp(v);
      }
      case 0x300 -> writeStatus(MSTATUS_WRITABLE, v);
      case 0x301 -> {
        // misa: nothing can be switched off
      }
      case 0x302 -> medeleg = v & DELEGABLE_EXCEPTIONS;
      case 0x303 -> mideleg = v & SUPERVISOR_INTERRUPTS;
      case 0x304 -> mie = v & ALL_INTERRUPTS;
      case 0x305 -> mtvec = v & ~2L;
      case 0x306 -> mcounteren = v & 0xffff_ffffL;
      case 0x30a -> {
        menvcfg = environment(v, SENVCFG_WRITABLE | PBMTE | STCE);
        core.interrupts.supervisorTimer((menvcfg & STCE) != 0);
        core.mmu.flush();
        core.contextChanged();
      }
      case 0x320 -> counters.inhibit(v);
      case 0x340 -> mscratch = v;
      case 0x341 -> mepc = v & ~1L;
      case 0x342 -> mcause = v;
      case 0x343 -> mtval = v;
      case 0x344 -> core.interrupts.write(SUPERVISOR_INTERRUPTS, (int) v);
      case 0x7a0, 0x7a1, 0x7a2, 0x7a3 -> {
        // Whatever is written, there are no triggers.
      }
      default -> {
        return core.aia != null && core.aia.write(n, v, seen, altered);
      }
    }
    return true;
  }

  private static long environment(long v, long writable) {
    long kept = v & writable;
    return (kept & CBIE) == 2L << 4 ? kept & ~CBIE : kept; // 10 is reserved
  }

  private boolean writePmp(int n, long v) {
    if (n >= 0x3b0) {
      core.mmu.pmp().address(n - 0x3b0, v);
    } else if ((n & 1) == 0) {
      core.mmu.pmp().config(n & 15, v);
    } else {
      return false;
    }
    core.mmu.flush();
    core.contextChanged();
    return true;
  }

  private boolean writeFloat(int n, int v) {
    if (floatsOff()) {
      return false;
    }
    switch (n) {
      case 1 -> fflags = v & 31;
      case 2 -> frm = v & 7;
      case 3 -> {
        fflags = v & 31;
        frm = (v >>> 5) & 7;
      }
      default -> {
        return false;
      }
    }
    floatsDirty();
    return true;
  }

  private void writeStatus(long writable, long v) {
    long wanted = (mstatus & ~writable) | (v & writable);
    if ((wanted & MPP) == 2L << MPP_SHIFT) {
      wanted = (wanted & ~MPP) | (mstatus & MPP); // 2 is reserved
    }
    mstatus = wanted;
    core.contextChanged();
  }

  private void writeSatp(long v) {
    int mode = (int) (v >>> 60);
    if (mode == 0 || (mode >= 8 && mode <= 10)) {
      satp = v;
      core.contextChanged();
    }
  }
}
