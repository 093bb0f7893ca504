package io.lanyard.machine.hart;

import io.lanyard.base.LogEvent;
import io.lanyard.machine.bus.Bus;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One RV64GC hart.
 *
 * <p>Thread: {@link #run} is called by the one thread that belongs to the hart. Registers, pc, CSRs
 * and privilege are for that thread (that is: for {@link Firmware}), or for others before it starts
 * and while the hart {@link #awaitPaused is paused}. What may be called from any thread says so.
 */
public final class Hart implements Runnable {
  /** Interrupt number: supervisor software. */
  public static final int SSI = 1;

  /** Interrupt number: machine software (CLINT msip). */
  public static final int MSI = 3;

  /** Interrupt number: supervisor timer; driven by the hart itself. */
  public static final int STI = 5;

  /** Interrupt number: machine timer; driven by the hart itself, see {@link #machineTimer}. */
  public static final int MTI = 7;

  /** Interrupt number: supervisor external (PLIC context of S-mode, or IMSIC). */
  public static final int SEI = 9;

  /** Interrupt number: machine external (PLIC context of M-mode, or IMSIC). */
  public static final int MEI = 11;

  /**
   * Instructions between two polls for events. At 200 million a second that is 20 microseconds,
   * while a poll costs about 50 ns.
   */
  private static final int SLICE = 4096;

  /** How long wrs.sto waits: about what a contended lock is held. */
  private static final long SHORT_WAIT_NANOS = 20_000;

  private static final System.Logger LOG = System.getLogger(Hart.class.getName());
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final int id;
  private final Interrupts interrupts;
  private final Core core;
  private final Fences fences;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by lock, and volatile where they are read without.
  private volatile boolean stopRequested;
  private volatile boolean pauseRequested;
  private volatile boolean halted;
  private boolean paused;
  private boolean finished;
  private boolean startRequested;
  private long startPc;
  private long startOpaque;

  private volatile long publishedInstructions;
  private volatile long finishedNanos;
  private volatile long threadId = -1;

  /** For a hart by itself. */
  private static final long OWN_BUDGET = 64 << 20;

  /**
   * Makes a hart in reset, at address 0, whose external interrupts are wires, with a budget for
   * decoded code of its own.
   *
   * @param id mhartid
   * @param bus where memory and devices are
   * @param time the machine's clock
   * @param firmware what answers calls from supervisor mode
   */
  public Hart(int id, Bus bus, Timebase time, Firmware firmware) {
    this(id, bus, time, firmware, false, new CodeBudget(OWN_BUDGET).open());
  }

  /**
   * Makes a hart in reset, at address 0.
   *
   * @param id mhartid
   * @param bus where memory and devices are
   * @param time the machine's clock
   * @param firmware what answers calls from supervisor mode
   * @param messages whether external interrupts are messages: Smaia and Ssaia, with an IMSIC
   * @param code what the machine may keep of decoded code
   */
  public Hart(
      int id, Bus bus, Timebase time, Firmware firmware, boolean messages, CodeBudget.Share code) {
    this.id = id;
    interrupts = new Interrupts(time);
    core = new Core(id, bus, time, interrupts, messages ? new Aia(interrupts) : null, code);
    code.join(this::attend);
    core.environment = () -> firmware.ecall(this);
    fences = new Fences(core, interrupts);
  }

  /**
   * The hart's number. Any thread.
   *
   * @return mhartid
   */
  public int id() {
    return id;
  }

  /**
   * Reads an integer register.
   *
   * @param register 0 to 31
   * @return its value
   */
  public long x(int register) {
    return core.x[register & 31];
  }

  /**
   * Writes an integer register.
   *
   * @param register 0 to 31; a write to 0 is ignored
   * @param value what to write
   */
  public void x(int register, long value) {
    if ((register & 31) != 0) {
      core.x[register & 31] = value;
    }
  }

  /**
   * Reads the program counter.
   *
   * @return where the next instruction is
   */
  public long pc() {
    return core.pc;
  }

  /**
   * Writes the program counter.
   *
   * @param pc where the next instruction is
   */
  public void pc(long pc) {
    core.pc = pc & -2;
  }

  /**
   * The privilege.
   *
   * @return 0 user, 1 supervisor, 3 machine
   */
  public int privilege() {
    return core.privilege;
  }

  /**
   * Reads a CSR, as machine mode would.
   *
   * @param number the CSR's
   * @return its value; 0 for one that does not exist
   */
  public long csr(int number) {
    return core.csrs.read(number, 3) ? core.csrs.value : 0;
  }

  /**
   * Writes a CSR, as machine mode would. Nothing happens if it does not exist or is read-only.
   *
   * @param number the CSR's
   * @param value what to write
   */
  public void csr(int number, long value) {
    core.csrs.write(number, value, 3);
  }

  /**
   * Resets the hart: machine mode, registers 0.
   *
   * <p>Thread: the hart's own, or any before it runs or while it is paused.
   *
   * @param pc where it shall begin
   * @param halted whether it waits for {@link #start} instead of beginning
   */
  public void reset(long pc, boolean halted) {
    java.util.Arrays.fill(core.x, 0);
    core.privilege = 3;
    core.pc = pc;
    core.reservation = 0;
    core.waiting = false;
    core.csrs.reset();
    interrupts.reset();
    if (core.aia != null) {
      core.aia.reset();
    }
    core.mmu.reset();
    core.cache.newGeneration();
    core.forgetCode();
    core.contextChanged();
    lock.lock();
    try {
      this.halted = halted;
      startRequested = false;
    } finally {
      lock.unlock();
    }
    core.x[10] = id;
  }

  /**
   * Starts a halted hart in supervisor mode, as the SBI's HSM extension and the end of firmware do:
   * address translation and interrupts off, a0 the hart's number, everything delegated that Linux
   * expects. Any thread.
   *
   * @param pc where it begins; physical
   * @param opaque goes to a1
   * @return false if the hart is not halted
   */
  public boolean start(long pc, long opaque) {
    lock.lock();
    try {
      if (!halted || startRequested) {
        return false;
      }
      startRequested = true;
      startPc = pc;
      startOpaque = opaque;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    interrupts.attend();
    return true;
  }

  private void enterSupervisor() {
    Csrs c = core.csrs;
    c.mstatus = Csrs.FS & 1L << 13; // initial
    c.medeleg = 0xb1ff; // all but calls from supervisor mode
    c.mideleg = Interrupts.SSIP | Interrupts.STIP | Interrupts.SEIP;
    c.mie = 0;
    c.mcounteren = 7;
    c.scounteren = 7;
    c.satp = 0;
    c.write(0x3b0, -1, 3); // all memory is the supervisor's
    c.write(0x3a0, 0x1f, 3);
    c.write(0x30a, 1L << 63 | 1L << 62 | Csrs.CBZE | Csrs.CBCFE | Csrs.CBIE, 3);
    core.reservation = 0;
    core.privilege = 1;
    core.pc = startPc;
    core.x[10] = id;
    core.x[11] = startOpaque;
    core.mmu.flush();
    core.cache.newGeneration();
    core.contextChanged();
  }

  /** Stops executing until {@link #start}: the SBI's HSM stop. Hart's thread. */
  public void halt() {
    lock.lock();
    try {
      halted = true;
      startRequested = false;
    } finally {
      lock.unlock();
    }
    core.waiting = true;
  }

  /**
   * Whether the hart waits for {@link #start}. Any thread.
   *
   * @return true if it does
   */
  public boolean halted() {
    return halted;
  }

  /** Parks as {@code wfi} does, after the present instruction. Hart's thread. */
  public void waitForInterrupt() {
    core.waiting = true;
  }

  /**
   * Sets or clears an interrupt line. Any thread.
   *
   * @param bit {@link #SSI}, {@link #MSI}, {@link #SEI} or {@link #MEI}
   * @param level pending or not
   */
  public void setInterrupt(int bit, boolean level) {
    interrupts.set(bit, level);
  }

  /**
   * The place for messages to this hart.
   *
   * @param bit {@link #SEI} or {@link #MEI}
   * @return the interrupt file of that level
   * @throws IllegalStateException if the hart was made without
   */
  public InterruptFile interruptFile(int bit) {
    if (core.aia == null) {
      throw new IllegalStateException("hart " + id + " has no IMSIC");
    }
    return bit == MEI ? core.aia.machine : core.aia.supervisor;
  }

  /**
   * Sets when the supervisor timer interrupt becomes pending: the SBI's set_timer, or {@code
   * stimecmp}. Hart's thread.
   *
   * @param ticks time, unsigned; all ones is never
   */
  public void supervisorTimer(long ticks) {
    interrupts.supervisorTime(ticks);
  }

  /**
   * Sets when the machine timer interrupt becomes pending: the CLINT's {@code mtimecmp}. Any
   * thread.
   *
   * @param ticks time, unsigned; all ones is never
   */
  public void machineTimer(long ticks) {
    interrupts.machineTime(ticks);
  }

  /**
   * The time when the machine timer interrupt becomes pending. Any thread.
   *
   * @return ticks
   */
  public long machineTimer() {
    return interrupts.machineTime();
  }

  /**
   * Makes harts do a fence, and returns when all have. Harts that do not execute do it before they
   * execute again, and are not waited for.
   *
   * <p>Thread: this hart's own; the fences that others ask of it in the meantime are done.
   *
   * @param targets which; this one may be among them
   * @param fence what to do
   */
  public void fence(Iterable<Hart> targets, Fence fence) {
    for (Hart target : targets) {
      if (target == this) {
        fences.execute(fence);
      } else {
        target.fences.post(fence);
      }
    }
    for (Hart target : targets) {
      while (target != this && target.fences.pending() && !target.idle() && !stopRequested) {
        fences.executePosted();
        Thread.onSpinWait();
      }
    }
  }

  /** Any thread: the hart does not execute, and will look for fences before it does. */
  private boolean idle() {
    return fences.parked();
  }

  /** Executes the guest on the calling platform thread until {@link #requestStop}. */
  @Override
  public void run() {
    Thread me = Thread.currentThread();
    threadId = me.threadId();
    Primer.prime(() -> stopRequested || pauseRequested);
    interrupts.parkedBy(me);
    fences.unpark();
    try {
      while (!stopRequested) {
        if (halted || pauseRequested) {
          fences.park();
          awaitWork();
          fences.unpark();
          continue;
        }
        slice();
      }
    } catch (RuntimeException e) {
      LogEvent.of("hart-failed")
          .with("hart", id)
          .with("pc", "0x" + Long.toHexString(core.pc))
          .log(LOG, Level.ERROR, e);
      throw e;
    } finally {
      finishedNanos = processorNanos();
      threadId = -1;
      interrupts.parkedBy(null);
      fences.park();
      lock.lock();
      try {
        finished = true;
        paused = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
      core.cache.clear();
    }
  }

  /** Has the hart look at what is asked of it, even if it is halted or paused. */
  private void attend() {
    interrupts.attend();
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the hart is neither halted nor paused, or shall stop. */
  private void awaitWork() {
    lock.lock();
    try {
      while (!stopRequested && (pauseRequested || (halted && !startRequested))) {
        if (pauseRequested && !paused) {
          paused = true;
          changed.signalAll();
        }
        core.cache.shed();
        changed.awaitUninterruptibly();
      }
      paused = false;
      if (startRequested && !stopRequested) {
        startRequested = false;
        halted = false;
        core.waiting = false;
        enterSupervisor();
      }
    } finally {
      lock.unlock();
    }
  }

  /** One poll and what may be executed until the next. */
  void slice() {
    if (interrupts.takeAttention()) {
      fences.executePosted();
      core.cache.shed();
    }
    core.csrs.interrupt(interrupts.poll());
    core.granted = SLICE;
    core.budget = SLICE;
    Interpreter.run(core);
    core.retired += SLICE - core.budget;
    core.granted = 0;
    core.budget = 0;
    publishedInstructions = core.instret();
    if (core.waiting) {
      park();
    }
  }

  /** wfi: until an interrupt is pending that is enabled, whether or not it will be taken. */
  private void park() {
    boolean shortly = core.waitingShortly;
    fences.park();
    long deadline = System.nanoTime() + SHORT_WAIT_NANOS;
    while (!stopRequested && !pauseRequested && !halted) {
      if ((interrupts.poll() & (int) core.csrs.mie) != 0 || fences.pending()) {
        break;
      }
      core.cache.shed();
      long nanos = interrupts.nanosUntilTimer();
      if (shortly) {
        nanos = Math.min(nanos, deadline - System.nanoTime());
        if (nanos <= 0) {
          break;
        }
      }
      LockSupport.parkNanos(this, nanos);
    }
    fences.unpark();
    // A fence alone does not end a wfi, but a guest must expect it to end for no reason.
    core.waiting = false;
    core.waitingShortly = false;
  }

  /** Makes {@link #run} return soon, for good. Any thread. */
  public void requestStop() {
    lock.lock();
    try {
      stopRequested = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    core.interrupts.attend();
  }

  /** Makes the hart park at an instruction boundary soon, until {@link #resume}. Any thread. */
  public void requestPause() {
    lock.lock();
    try {
      pauseRequested = true;
    } finally {
      lock.unlock();
    }
    interrupts.attend();
  }

  /**
   * Waits until the hart is paused, or has stopped. Any thread but its own.
   *
   * @param timeoutNanos how long to wait at most
   * @return false if it took longer
   * @throws InterruptedException if the calling thread was
   */
  public boolean awaitPaused(long timeoutNanos) throws InterruptedException {
    lock.lock();
    try {
      long left = timeoutNanos;
      while (!paused && !finished) {
        if (left <= 0) {
          return false;
        }
        left = changed.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Ends a pause. Any thread. */
  public void resume() {
    lock.lock();
    try {
      pauseRequested = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The instructions that the hart has retired, as of its last poll. Any thread.
   *
   * @return a count
   */
  public long instructions() {
    return publishedInstructions;
  }

  /**
   * The processor time that {@link #run} has used. Any thread.
   *
   * @return nanoseconds
   */
  public long processorNanos() {
    long thread = threadId;
    if (thread < 0) {
      return finishedNanos;
    }
    long nanos = THREADS.getThreadCpuTime(thread);
    return nanos < 0 ? finishedNanos : nanos;
  }

  Core core() {
    return core;
  }
}
