package io.lanyard.machine.hart;

import io.lanyard.machine.bus.Bus;

/**
 * One RV64GC hart.
 *
 * <p>Thread: {@link #run} is called by the one thread that belongs to the hart. Registers, pc, CSRs
 * and privilege are for that thread (that is: for {@link Firmware}), or for others before it starts
 * and while the hart {@link #awaitPaused is paused}. What may be called from any thread says so.
 */
@SuppressWarnings({"DoNotCallSuggester", "UnusedVariable"}) // the seam: bodies follow
public final class Hart implements Runnable {
  /** Interrupt number: supervisor software. */
  public static final int SSI = 1;

  /** Interrupt number: machine software (CLINT msip). */
  public static final int MSI = 3;

  /** Interrupt number: supervisor timer; driven by the hart itself. */
  public static final int STI = 5;

  /** Interrupt number: machine timer; driven by the hart itself, see {@link #machineTimer}. */
  public static final int MTI = 7;

  /** Interrupt number: supervisor external (PLIC context of S-mode). */
  public static final int SEI = 9;

  /** Interrupt number: machine external (PLIC context of M-mode). */
  public static final int MEI = 11;

  private final int id;
  private final Bus bus;
  private final Timebase time;
  private final Firmware firmware;

  public Hart(int id, Bus bus, Timebase time, Firmware firmware) {
    this.id = id;
    this.bus = bus;
    this.time = time;
    this.firmware = firmware;
  }

  /** The hart's number: mhartid. */
  public int id() {
    return id;
  }

  /** Integer register; 0 reads 0. */
  public long x(int register) {
    throw new UnsupportedOperationException();
  }

  public void x(int register, long value) {
    throw new UnsupportedOperationException();
  }

  public long pc() {
    throw new UnsupportedOperationException();
  }

  public void pc(long pc) {
    throw new UnsupportedOperationException();
  }

  /** 0 U, 1 S, 3 M. */
  public int privilege() {
    throw new UnsupportedOperationException();
  }

  /** Reads a CSR by number as M-mode would, without side effects; 0 for one that does not exist. */
  public long csr(int number) {
    throw new UnsupportedOperationException();
  }

  public void csr(int number, long value) {
    throw new UnsupportedOperationException();
  }

  /**
   * Machine reset: M-mode (or, for the built-in SBI, call {@link #start}), registers 0, pc as
   * given, and halted until started if {@code halted}. Only before run or paused.
   */
  public void reset(long pc, boolean halted) {
    throw new UnsupportedOperationException();
  }

  /**
   * SBI HSM start and first boot with the built-in SBI: from any thread, if the hart is halted:
   * S-mode, satp 0, sie 0 interrupts off, a0 = id, a1 = opaque, pc; delegation as a firmware would
   * set it.
   *
   * @return false if it is not halted
   */
  public boolean start(long pc, long opaque) {
    throw new UnsupportedOperationException();
  }

  /** SBI HSM stop: the hart stops executing until {@link #start}. On its own thread (firmware). */
  public void halt() {
    throw new UnsupportedOperationException();
  }

  /** Any thread: true while stopped in the sense of HSM. */
  public boolean halted() {
    throw new UnsupportedOperationException();
  }

  /** SBI HSM retentive suspend: parks like WFI at the next instruction boundary. Own thread. */
  public void waitForInterrupt() {
    throw new UnsupportedOperationException();
  }

  /** Any thread: sets or clears an interrupt line (SSI, MSI, SEI, MEI; for tests also others). */
  public void setInterrupt(int bit, boolean level) {
    throw new UnsupportedOperationException();
  }

  /** SBI set_timer, same as writing stimecmp: clears STIP until time >= value. Own thread. */
  public void supervisorTimer(long value) {
    throw new UnsupportedOperationException();
  }

  /** CLINT mtimecmp: MTIP while time >= value. Any thread; -1 is never. */
  public void machineTimer(long value) {
    throw new UnsupportedOperationException();
  }

  public long machineTimer() {
    throw new UnsupportedOperationException();
  }

  /**
   * Own thread (firmware): makes each of the other harts do the fence, does it itself if it is
   * among them, and returns when all have. Halted and waiting harts do it before their next
   * instruction and are not waited for.
   */
  public void fence(Iterable<Hart> targets, Fence fence) {
    throw new UnsupportedOperationException();
  }

  /** Runs the guest on the calling platform thread until {@link #requestStop}. */
  @Override
  public void run() {
    throw new UnsupportedOperationException();
  }

  /** Any thread: run() returns soon, for good. */
  public void requestStop() {
    throw new UnsupportedOperationException();
  }

  /** Any thread: the hart parks at an instruction boundary soon, until {@link #resume}. */
  public void requestPause() {
    throw new UnsupportedOperationException();
  }

  /** Any other thread: waits until the hart is paused (or has stopped). */
  public boolean awaitPaused(long timeoutNanos) throws InterruptedException {
    throw new UnsupportedOperationException();
  }

  public void resume() {
    throw new UnsupportedOperationException();
  }

  /** Any thread: instructions retired, as of the last poll. */
  public long instructions() {
    throw new UnsupportedOperationException();
  }

  /** Any thread: nanoseconds of host CPU that run() has used. */
  public long processorNanos() {
    throw new UnsupportedOperationException();
  }
}
