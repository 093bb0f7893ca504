package io.lanyard.machine;

import io.lanyard.vmm.Console;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.GuestStatistics;
import io.lanyard.vmm.Nic;
import io.lanyard.vmm.VmmException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A guest: what outlives its machines. */
final class LanyardGuest implements Guest {
  private static final System.Logger LOG = System.getLogger(LanyardGuest.class.getName());

  private final Equipment equipment;
  private final Consumer<GuestEvent> events;
  private final Consumer<LanyardGuest> closed;
  private final ReentrantLock calls = new ReentrantLock();
  private volatile GuestState state = GuestState.CREATED;
  private volatile @Nullable Machine machine;
  private boolean gone;
  // What machines since the start have done that are no more: a guest may reboot itself.
  private long earlierNanos;
  private long earlierInstructions;

  LanyardGuest(Equipment equipment, Consumer<GuestEvent> events, Consumer<LanyardGuest> closed) {
    this.equipment = equipment;
    this.events = events;
    this.closed = closed;
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

  private Machine power() throws VmmException {
    Machine[] self = new Machine[1];
    Machine made = new Machine(equipment, why -> machineEnded(self, why));
    self[0] = made;
    machine = made;
    made.start();
    return made;
  }

  private void to(GuestState next, String reason) {
    GuestState from = state;
    if (from != next) {
      state = next;
      LOG.log(
          Level.INFO, () -> "event=guest-state guest=" + name() + " from=" + from + " to=" + next);
      events.accept(new GuestEvent.StateChanged(name(), from, next, reason));
    }
  }

  @Override
  public void start() throws VmmException {
    calls.lock();
    try {
      require(
          "start",
          state == GuestState.CREATED || state == GuestState.STOPPED || state == GuestState.FAILED);
      earlierNanos = 0;
      earlierInstructions = 0;
      // Before the first instruction, so that nothing that the guest does is told earlier.
      GuestState before = state;
      to(GuestState.RUNNING, "started");
      try {
        power();
      } catch (VmmException e) {
        to(before == GuestState.CREATED ? GuestState.FAILED : before, "could not start");
        throw e;
      }
    } finally {
      calls.unlock();
    }
  }

  /** On a hart's thread: the rest is done where waiting for that thread is possible. */
  private void machineEnded(Machine[] self, Machine.End why) {
    if (why instanceof Machine.End.Stopped) {
      return;
    }
    Thread.ofVirtual()
        .name("guest-" + name() + "-end")
        .start(() -> {
          calls.lock();
          try {
            if (machine == self[0] && machine != null) {
              settle(why);
            }
          } finally {
            calls.unlock();
          }
        });
  }

  private void settle(Machine.End why) {
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
      case Machine.End.Reset _ -> {
        try {
          power();
          to(GuestState.RUNNING, "reset");
          events.accept(new GuestEvent.Rebooted(name()));
        } catch (VmmException e) {
          LOG.log(Level.WARNING, "event=reboot-failed guest=" + name(), e);
          to(GuestState.FAILED, "could not start again: " + e.getMessage());
        }
      }
      case Machine.End.Stopped _ -> {
        // Whoever stopped it says what follows.
      }
    }
  }

  private void discard() {
    Machine old = machine;
    if (old != null) {
      old.close();
      machine = null;
      earlierNanos += old.processorNanos();
      earlierInstructions += old.instructions();
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
      settle(new Machine.End.Reset());
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
    return List.copyOf(equipment.cards());
  }

  @Override
  public GuestStatistics statistics() {
    calls.lock();
    try {
      Machine now = machine;
      return new GuestStatistics(
          earlierNanos + (now == null ? 0 : now.processorNanos()),
          earlierInstructions + (now == null ? 0 : now.instructions()),
          equipment.memory());
    } finally {
      calls.unlock();
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
      equipment.disks().forEach(io.lanyard.machine.disk.Disk::close);
      equipment.cards().forEach(Card::disconnect);
      equipment.console().close();
      closed.accept(this);
    } finally {
      calls.unlock();
    }
  }
}
