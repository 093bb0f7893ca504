package io.lanyard.machine.hart;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A hart's pending interrupts: {@code mip}, written by the hart, by devices and by other harts.
 *
 * <p>Thread: any, where nothing else is said.
 */
final class Interrupts {
  static final int SSIP = 1 << Hart.SSI;
  static final int MSIP = 1 << Hart.MSI;
  static final int STIP = 1 << Hart.STI;
  static final int MTIP = 1 << Hart.MTI;
  static final int SEIP = 1 << Hart.SEI;
  static final int MEIP = 1 << Hart.MEI;

  private final Timebase time;
  private final AtomicInteger pending = new AtomicInteger();

  /** SEIP as software wrote it; it is or'ed with the line. Hart's thread. */
  private boolean softwareExternal;

  /** When STIP becomes pending by itself, where Sstc is on or the SBI was asked. Hart's thread. */
  private long supervisorTime = -1;

  private boolean supervisorTimer;

  private volatile long machineTime = -1;

  /** Something that is not an interrupt has to be looked at. */
  private volatile boolean attention;

  private volatile @Nullable Thread thread;

  Interrupts(Timebase time) {
    this.time = time;
  }

  /** Sets the thread that parks. */
  void parkedBy(@Nullable Thread hart) {
    thread = hart;
  }

  void set(int bit, boolean level) {
    int mask = 1 << bit;
    if (level) {
      if ((pending.getAndUpdate(p -> p | mask) & mask) == 0) {
        wake();
      }
    } else {
      pending.getAndUpdate(p -> p & ~mask);
    }
  }

  /** Makes the hart look at its events soon. */
  void attend() {
    attention = true;
    wake();
  }

  boolean takeAttention() {
    if (attention) {
      attention = false;
      return true;
    }
    return false;
  }

  void wake() {
    Thread t = thread;
    if (t != null) {
      LockSupport.unpark(t);
    }
  }

  /** Hart's thread: brings the timers up to date and gives mip. */
  int poll() {
    long now = time.now();
    if (supervisorTimer) {
      update(STIP, Long.compareUnsigned(now, supervisorTime) >= 0);
    }
    update(MTIP, Long.compareUnsigned(now, machineTime) >= 0);
    return mip();
  }

  /** Hart's thread. */
  int mip() {
    return pending.getPlain() | (softwareExternal ? SEIP : 0);
  }

  private void update(int mask, boolean level) {
    if (((pending.getPlain() & mask) != 0) != level) {
      pending.getAndUpdate(p -> level ? p | mask : p & ~mask);
    }
  }

  /** The number of the interrupt that is taken first of some, in the default order. */
  static int mostUrgent(int ready) {
    if ((ready & MEIP) != 0) {
      return Hart.MEI;
    }
    if ((ready & MSIP) != 0) {
      return Hart.MSI;
    }
    if ((ready & MTIP) != 0) {
      return Hart.MTI;
    }
    if ((ready & SEIP) != 0) {
      return Hart.SEI;
    }
    return (ready & SSIP) != 0 ? Hart.SSI : Hart.STI;
  }

  /** Hart's thread: the bits of mip that software can write, as it wrote them: mvip. */
  int software() {
    int writable = SSIP | (supervisorTimer ? 0 : STIP);
    return (pending.getPlain() & writable) | (softwareExternal ? SEIP : 0);
  }

  /** Hart's thread: a CSR write to mip or sip. */
  void write(int mask, int value) {
    int direct = mask & (SSIP | (supervisorTimer ? 0 : STIP));
    pending.getAndUpdate(p -> (p & ~direct) | (value & direct));
    if ((mask & SEIP) != 0) {
      softwareExternal = (value & SEIP) != 0;
    }
  }

  boolean softwareExternal() {
    return softwareExternal;
  }

  /** Hart's thread: whether STIP follows {@link #supervisorTime}, or is software's. */
  void supervisorTimer(boolean on) {
    if (supervisorTimer != on) {
      supervisorTimer = on;
      update(STIP, false);
      poll();
    }
  }

  void supervisorTime(long value) {
    supervisorTime = value;
    poll();
  }

  long supervisorTime() {
    return supervisorTime;
  }

  /** Any thread. */
  void machineTime(long value) {
    machineTime = value;
    wake();
  }

  long machineTime() {
    return machineTime;
  }

  /** Hart's thread: nanoseconds until a timer fires that is not pending yet. */
  long nanosUntilTimer() {
    int now = pending.getPlain();
    long nanos = (now & MTIP) != 0 ? Long.MAX_VALUE : time.nanosUntil(machineTime);
    return supervisorTimer && (now & STIP) == 0
        ? Math.min(nanos, time.nanosUntil(supervisorTime))
        : nanos;
  }

  void reset() {
    pending.set(0);
    softwareExternal = false;
    supervisorTime = -1;
    supervisorTimer = false;
    machineTime = -1;
  }
}
