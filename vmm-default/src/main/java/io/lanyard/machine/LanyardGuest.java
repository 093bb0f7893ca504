package io.lanyard.machine;

import io.lanyard.base.LogEvent;
import io.lanyard.machine.disk.Disk;
import io.lanyard.vmm.Console;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.GuestStatistics;
import io.lanyard.vmm.Nic;
import io.lanyard.vmm.VmmException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A guest: what outlives its machines. */
final class LanyardGuest implements Guest {
  private static final System.Logger LOG = System.getLogger(LanyardGuest.class.getName());

  /** How often a restart looks whether what it waits for has ended, where nobody tells. */
  private static final long LOOK_NANOS = 50_000_000;

  private final Equipment equipment;
  private final Consumer<GuestEvent> events;
  private final Consumer<LanyardGuest> closed;
  private final Notes notes;
  private final RestartBackoff backoff = new RestartBackoff();
  private final ReentrantLock calls = new ReentrantLock();

  /** Another state or another machine: for a restart that waits. */
  private final Condition changed = calls.newCondition();

  private volatile GuestState state = GuestState.CREATED;
  private volatile @Nullable Machine machine;

  /** The thread that still releases the resources of an earlier machine. Under {@link #calls}. */
  private @Nullable Thread lingering;

  /**
   * The thread that waits to restart the guest; null when none may any more. Under {@link #calls}.
   */
  private @Nullable Thread restarting;

  private boolean gone;

  // What machines since the start have done that are no more: a guest may reboot itself.
  // Under statistics, so that a query for them does not wait for a call that takes long.
  private final Object statistics = new Object();
  private long earlierNanos;
  private long earlierInstructions;

  LanyardGuest(Equipment equipment, Consumer<GuestEvent> events, Consumer<LanyardGuest> closed) {
    this.equipment = equipment;
    this.events = events;
    this.closed = closed;
    this.notes = new Notes(note -> events.accept(new GuestEvent.Noted(equipment.name(), note)));
    equipment
        .console()
        .panics(reason ->
            notes.panic(
                reason.isEmpty() ? "" : "its console says that the kernel panicked: " + reason));
  }

  @Override
  public String name() {
    return equipment.name();
  }

  @Override
  public GuestState state() {
    return state;
  }

  private void require(String call, boolean allowed) {
    if (gone) {
      throw new IllegalStateException("guest " + name() + " is closed");
    }
    if (!allowed) {
      throw new IllegalStateException(
          "guest %s is %s: it cannot %s".formatted(name(), state, call));
    }
  }

  private void to(GuestState next, String reason) {
    GuestState from = state;
    if (from != next || next == GuestState.FAILED) { // it may fail again, for another reason
      state = next;
      if (!alive()) {
        equipment.host().give(name());
        notes.clear();
      }
      changed.signalAll();
      events.accept(new GuestEvent.StateChanged(name(), from, next, reason));
    }
  }

  /**
   * Makes a machine and starts it. Whatever goes wrong, memory for it included, leaves the guest
   * failed, with the reason.
   */
  private void power(String reason) throws VmmException {
    try {
      if (!alive()) {
        equipment.host().take(name(), equipment.memory(), equipment.overcommit());
      }
      equipment.console().restart();
      notes.panic("");
      Machine made = new Machine(equipment);
      machine = made;
      // Before the first instruction, so that nothing that the guest does is told earlier.
      to(GuestState.RUNNING, reason);
      // Made now, since it may be want of memory that ends the guest.
      Thread.ofPlatform().daemon().name("guest-" + name()).start(() -> attend(made));
      made.start();
    } catch (VmmException | RuntimeException | Error e) {
      try {
        discard();
      } finally {
        to(
            GuestState.FAILED,
            "could not start: " + (e instanceof VmmException ? e.getMessage() : e));
      }
      throw e;
    }
  }

  @Override
  public void start() throws VmmException {
    calls.lock();
    try {
      require(
          "start",
          state == GuestState.CREATED || state == GuestState.STOPPED || state == GuestState.FAILED);
      if (lingers()) {
        throw new VmmException(
            "guest %s: it was stopped and has not ended yet: the host may still be finishing its disk's requests; start it again later"
                .formatted(name()));
      }
      synchronized (statistics) {
        earlierNanos = 0;
        earlierInstructions = 0;
      }
      backoff.clear();
      power("started");
      notes.memory(equipment.boot().memoryHint());
    } finally {
      calls.unlock();
    }
  }

  /** On a thread of the machine's own: does what follows its end. */
  @SuppressWarnings("CatchingUnchecked") // whatever goes wrong, the guest must not seem to run
  private void attend(Machine mine) {
    Machine.End why = mine.awaitEnd();
    calls.lock();
    try {
      if (why != null && machine == mine) {
        settle(mine, why);
      }
    } catch (Throwable e) {
      to(GuestState.FAILED, "could not go on: " + e);
      LogEvent.of("guest-failed").with("guest", name()).log(LOG, Level.ERROR, e);
    } finally {
      calls.unlock();
    }
  }

  private void settle(Machine ended, Machine.End why) {
    long ran = ended.ranNanos();
    discard();
    switch (why) {
      case Machine.End.PoweredOff off ->
          to(
              GuestState.STOPPED,
              off.code() == 0 ? "powered off" : "powered off reporting failure " + off.code());
      case Machine.End.Reported report -> {
        events.accept(new GuestEvent.ProgramExited(name(), report.code()));
        to(GuestState.STOPPED, "its program ended");
      }
      case Machine.End.Failed failed -> to(GuestState.FAILED, failed.reason());
      case Machine.End.Reset _ -> restart(backoff.next(ran));
      case Machine.End.Stopped _ -> {
        // The caller that stopped it says what follows.
      }
    }
  }

  /** Starts a guest again that runs and has no machine, unless somebody else decides otherwise. */
  private void restart(long waitNanos) {
    if (!alive() || machine != null) {
      return;
    }
    Thread me = Thread.currentThread();
    restarting = me;
    if (waitNanos > 0) {
      notes.restarts(
          "it has restarted itself %d times, each time within %d s of its start; from now on it waits before it starts again, up to %d s"
              .formatted(
                  backoff.quick(),
                  TimeUnit.NANOSECONDS.toSeconds(RestartBackoff.HEALTHY_NANOS),
                  TimeUnit.NANOSECONDS.toSeconds(RestartBackoff.LONGEST_NANOS)));
    }
    long due = System.nanoTime() + waitNanos;
    while (restarting == me
        && (state == GuestState.PAUSED || lingers() || due - System.nanoTime() > 0)) {
      await(Math.max(LOOK_NANOS, due - System.nanoTime()));
    }
    if (restarting != me) {
      return;
    }
    powerAgain();
    Machine made = machine;
    long healthy = System.nanoTime() + RestartBackoff.HEALTHY_NANOS;
    while (made != null && machine == made && healthy - System.nanoTime() > 0) {
      await(healthy - System.nanoTime());
    }
    if (made != null && machine == made) {
      notes.restarts("");
    }
  }

  private void powerAgain() {
    try {
      power("reset");
      events.accept(new GuestEvent.Rebooted(name()));
    } catch (VmmException e) {
      LogEvent.of("reboot-failed").with("guest", name()).log(LOG, Level.WARNING, e);
    }
  }

  @SuppressWarnings("WaitNotInLoop") // it is called in one
  private void await(long nanos) {
    try {
      long _ = changed.awaitNanos(nanos);
    } catch (InterruptedException e) {
      restarting = null; // nobody interrupts these threads
    }
  }

  private boolean lingers() {
    return lingering != null && lingering.isAlive();
  }

  private void discard() {
    restarting = null;
    Machine old = machine;
    if (old != null) {
      lingering = old.stop();
      synchronized (statistics) {
        machine = null;
        earlierNanos += old.processorNanos();
        earlierInstructions += old.instructions();
      }
      changed.signalAll();
    }
  }

  private boolean alive() {
    return state == GuestState.RUNNING || state == GuestState.PAUSED;
  }

  @Override
  public void requestStop() {
    calls.lock();
    try {
      require("be asked to stop", state == GuestState.RUNNING);
      if (machine != null) {
        machine.pressPower();
      }
    } finally {
      calls.unlock();
    }
  }

  @Override
  public void kill() {
    calls.lock();
    try {
      require("be killed", alive());
      discard();
      to(GuestState.STOPPED, "killed");
    } finally {
      calls.unlock();
    }
  }

  @Override
  public void reset() {
    calls.lock();
    try {
      require("be reset", alive());
      discard();
      backoff.clear();
      notes.restarts("");
      if (lingers()) {
        // The next machine has the same disks: it waits for them, and the caller does not.
        to(GuestState.RUNNING, "reset");
        Thread.ofPlatform().daemon().name("guest-" + name()).start(this::restartLater);
      } else {
        powerAgain();
      }
    } finally {
      calls.unlock();
    }
  }

  private void restartLater() {
    calls.lock();
    try {
      restart(0);
    } finally {
      calls.unlock();
    }
  }

  @Override
  public void pause() {
    calls.lock();
    try {
      require("be paused", state == GuestState.RUNNING);
      if (machine != null) {
        machine.pause();
      }
      to(GuestState.PAUSED, "paused");
    } finally {
      calls.unlock();
    }
  }

  @Override
  public void resume() {
    calls.lock();
    try {
      require("be resumed", state == GuestState.PAUSED);
      if (machine != null) {
        machine.resume();
      }
      to(GuestState.RUNNING, "resumed");
    } finally {
      calls.unlock();
    }
  }

  @Override
  public Console console() {
    return equipment.console();
  }

  @Override
  public List<Nic> nics() {
    return List.copyOf(equipment.nics());
  }

  @Override
  public GuestStatistics statistics() {
    synchronized (statistics) {
      Machine now = machine;
      return new GuestStatistics(
          earlierNanos + (now == null ? 0 : now.processorNanos()),
          earlierInstructions + (now == null ? 0 : now.instructions()),
          equipment.memory(),
          now == null ? 0 : now.codeBytes());
    }
  }

  @Override
  public void close() {
    calls.lock();
    try {
      if (gone) {
        return;
      }
      if (alive()) {
        discard();
        to(GuestState.STOPPED, "closed");
      }
      gone = true;
      equipment.boot().close();
      closeDisks();
      equipment.nics().forEach(LanyardNic::disconnect);
      equipment.console().close();
      closed.accept(this);
    } finally {
      calls.unlock();
    }
  }

  /** Not before what is under way has ended: to close a file waits for that. */
  private void closeDisks() {
    Thread before = lingering;
    if (before == null || !before.isAlive()) {
      equipment.disks().forEach(Disk::close);
      return;
    }
    Thread.ofPlatform()
        .daemon()
        .name("guest-" + name())
        .start(() -> {
          try {
            before.join();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          equipment.disks().forEach(Disk::close);
        });
  }
}
