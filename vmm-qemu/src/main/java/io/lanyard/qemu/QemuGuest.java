package io.lanyard.qemu;

import io.lanyard.base.Causes;
import io.lanyard.base.LogEvent;
import io.lanyard.vmm.Console;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.GuestStatistics;
import io.lanyard.vmm.Nic;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.Snapshot;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A guest: what outlives its QEMUs, and the state that they put it in.
 *
 * <p>Thread: any; a call holds the guest's lock.
 */
final class QemuGuest implements Guest {
  private static final System.Logger LOG = System.getLogger(QemuGuest.class.getName());

  private final GuestFiles files;
  private final BiFunction<String, List<String>, List<String>> scope;
  private final Function<GuestSpec, List<String>> command;
  private final Consumer<GuestEvent> events;
  private final Consumer<QemuGuest> closed;
  private final QemuConsole console;
  private final GuestParts parts;
  private final ReentrantLock calls = new ReentrantLock();

  /** Handles QEMU's events in order, off the thread that reads them, because it asks QEMU. */
  private final ExecutorService told;

  private volatile GuestState state = GuestState.CREATED;
  private volatile @Nullable RunningQemu live;

  /** The QEMU that was said to lack a part; null for none. */
  private @Nullable RunningQemu lacking;

  private volatile long lastNanos;
  private boolean gone;

  QemuGuest(
      GuestSpec spec,
      GuestFiles files,
      BiFunction<String, List<String>, List<String>> scope,
      Function<GuestSpec, List<String>> command,
      Consumer<GuestEvent> events,
      Consumer<QemuGuest> closed) {
    this.files = files;
    this.scope = scope;
    this.command = command;
    this.events = events;
    this.closed = closed;
    this.console = new QemuConsole(spec.name());
    this.parts = new GuestParts(spec, this::linkChanged, this::partsChanged);
    this.told =
        Executors.newSingleThreadExecutor(
            Thread.ofVirtual().name("qemu-events-" + spec.name()).factory());
  }

  /** Takes what a QEMU tells to the thread of events. */
  private final class Events implements RunningQemu.Listener {
    @Override
    public void rebooted() {
      tell(() -> events.accept(new GuestEvent.Rebooted(name())));
    }

    @Override
    public void runStateChanged(RunningQemu from) {
      tell(() -> look(from));
    }

    @Override
    public void deviceLost(RunningQemu from, String device) {
      tell(() -> lacks(from, device));
    }

    @Override
    public void ended(RunningQemu from) {
      tell(() -> QemuGuest.this.ended(from));
    }

    private void tell(Runnable what) {
      try {
        told.execute(what);
      } catch (RejectedExecutionException e) {
        // The guest is closed, or released.
      }
    }
  }

  @Override
  public String name() {
    return parts.spec().name();
  }

  @Override
  public GuestState state() {
    return state;
  }

  private boolean isAlive() {
    return state == GuestState.RUNNING || state == GuestState.PAUSED;
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
      events.accept(new GuestEvent.StateChanged(name(), from, next, reason));
    }
  }

  /**
   * Finds the QEMU that an earlier daemon has left behind. Called once, before anybody else has the
   * guest.
   *
   * @throws VmmException if there is one and it cannot be had
   */
  void find() throws VmmException {
    if (!Files.exists(files.qmp())) {
      return;
    }
    Optional<QemuProcess> left = QemuProcess.find(files);
    if (left.isEmpty()) {
      return; // what is left are its files, which the next start replaces
    }
    try {
      RunningQemu found = new RunningQemu(left.get(), files, parts.spec(), new Events());
      live = found;
      state = found.runState().running() ? GuestState.RUNNING : GuestState.PAUSED;
      console.connect(files.console());
      LogEvent.of("guest-found").with("guest", name()).with("state", state).log(LOG, Level.INFO);
    } catch (IOException e) {
      let();
      throw new VmmException(
          "guest "
              + name()
              + " runs already, and its QEMU cannot be driven ("
              + Causes.of(e)
              + "); end it, or the program that drives it at "
              + files.qmp(),
          e);
    }
    List<String> runs = files.command();
    List<QemuNic> nics = parts.nics();
    for (int i = 0; i < nics.size(); i++) {
      nics.get(i).attachedByStream(QemuCommand.attachesByStream(runs, i));
    }
    if (!runs.equals(command.apply(parts.spec()))) {
      events.accept(
          new GuestEvent.Noted(
              name(), "it runs as it was configured before; restart it to have the changes"));
    }
  }

  @Override
  public void start() throws VmmException {
    start("");
  }

  /** Powers the guest on, as a snapshot has it if one is named. */
  private void start(String snapshot) throws VmmException {
    calls.lock();
    try {
      require("start", !isAlive());
      QemuProcess starting = null;
      boolean done = false;
      try {
        files.make();
        List<String> line = command.apply(parts.spec());
        files.write(line);
        files.beginMaintenance(); // until it runs: a killed daemon's half start is undone
        QemuPlugs.begin(files.plugs(), parts.spec());
        lastNanos = 0;
        QemuProcess process = QemuProcess.start(scope.apply(name(), line), files.directory());
        starting = process;
        RunningQemu started = ready(process);
        live = started;
        console.connect(files.console());
        for (QemuNic nic : parts.nics()) {
          if (!nic.isUp()) {
            started.setLink(parts.nics().indexOf(nic), nic);
          }
        }
        if (!snapshot.isEmpty()) {
          started.snapshots().load(parts.spec(), snapshot);
        }
        to(GuestState.RUNNING, snapshot.isEmpty() ? "started" : "started at " + snapshot);
        started.execute("cont", Map.of());
        Files.deleteIfExists(files.maintenance());
        done = true;
      } catch (IOException e) {
        throw new VmmException("QEMU started and cannot be driven: " + Causes.of(e), e);
      } finally {
        if (!done) {
          let();
          if (starting != null) {
            starting.kill();
          }
          DiskMaintenance.endLeft(files);
        }
      }
    } catch (VmmException e) {
      to(GuestState.FAILED, "could not start: " + e.getMessage());
      throw e;
    } finally {
      calls.unlock();
    }
  }

  private RunningQemu ready(QemuProcess process) throws VmmException {
    return RunningQemu.await(process, files, parts.spec(), new Events());
  }

  /** Lets go of the QEMU, if there is one: what it tells does not matter any more. */
  private void let() {
    RunningQemu old = live;
    live = null;
    console.disconnect();
    if (old != null) {
      lastNanos = Math.max(lastNanos, old.processorNanos());
      old.close();
    }
  }

  private void command(String command, String call, boolean allowed) {
    require(call, allowed);
    RunningQemu present = live;
    if (present == null) {
      throw new IllegalStateException("guest " + name() + " has just ended: it cannot " + call);
    }
    try {
      var _ = present.execute(command, Map.of());
    } catch (QmpException e) {
      throw new IllegalStateException(
          "guest " + name() + " did not " + call + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void requestStop() {
    calls.lock();
    try {
      command("system_powerdown", "stop", isAlive());
    } finally {
      calls.unlock();
    }
  }

  @Override
  public void kill() {
    calls.lock();
    try {
      require("kill", isAlive());
      end("killed");
    } finally {
      calls.unlock();
    }
  }

  private void end(String reason) {
    RunningQemu present = live;
    if (present != null) {
      present.quit();
    }
    let();
    to(GuestState.STOPPED, reason);
  }

  @Override
  public void reset() {
    calls.lock();
    try {
      command("system_reset", "reset", isAlive());
    } finally {
      calls.unlock();
    }
  }

  @Override
  public void pause() {
    calls.lock();
    try {
      command("stop", "pause", state == GuestState.RUNNING);
      to(GuestState.PAUSED, "paused");
    } finally {
      calls.unlock();
    }
  }

  @Override
  public void resume() {
    calls.lock();
    try {
      command("cont", "resume", state == GuestState.PAUSED);
      to(GuestState.RUNNING, "resumed");
    } finally {
      calls.unlock();
    }
  }

  /** Looks how the guest is after it was stopped or went on. */
  private void look(RunningQemu from) {
    calls.lock();
    try {
      if (from != live) {
        return;
      }
      RunningQemu.RunState now = from.runState();
      if (now.running()) {
        to(GuestState.RUNNING, "it goes on");
      } else if (now.word().equals("internal-error")) {
        from.awaitEnd();
        let();
        to(
            GuestState.FAILED,
            "the host's KVM cannot run this guest; options: {accel: tcg} does without");
      } else if (!now.word().equals("shutdown")) { // whose end is told by itself
        to(GuestState.PAUSED, "QEMU stands still: " + now.word());
      }
    } catch (QmpException e) {
      LogEvent.of("qemu-status-unknown").with("guest", name()).log(LOG, Level.DEBUG, e);
    } finally {
      calls.unlock();
    }
  }

  private void ended(RunningQemu from) {
    calls.lock();
    try {
      if (from != live) {
        return;
      }
      from.awaitEnd();
      let();
      if (from.endReason().isEmpty()) {
        to(
            GuestState.FAILED,
            "QEMU ended without a word to the daemon: it was killed, or has crashed" + from.said());
      } else {
        to(GuestState.STOPPED, from.endReason());
      }
    } finally {
      calls.unlock();
    }
  }

  private void linkChanged(QemuNic nic) {
    calls.lock();
    try {
      RunningQemu present = live;
      if (present != null) {
        present.setLink(parts.nics().indexOf(nic), nic);
      }
    } finally {
      calls.unlock();
    }
  }

  @Override
  public Console console() {
    return console;
  }

  @Override
  public List<Nic> nics() {
    return List.copyOf(parts.nics());
  }

  /** The QEMU of a guest that is on. */
  private RunningQemu live(String call) {
    require(call, isAlive());
    RunningQemu present = live;
    if (present == null) {
      throw new IllegalStateException("guest " + name() + " has just ended: it cannot " + call);
    }
    return present;
  }

  /** Hears that other parts have come or gone. */
  private void partsChanged(GuestSpec spec) {
    note(spec);
    RunningQemu present = live;
    if (present != null && present == lacking && !present.plugs().lacksDevices()) {
      lacking = null;
      events.accept(new GuestEvent.Noted(name(), ""));
    }
  }

  /** Hears that the guest has let go of a part that it should have. */
  private void lacks(RunningQemu from, String device) {
    calls.lock();
    try {
      if (from == live && from.plugs().lacksDevices()) {
        lacking = from;
        events.accept(
            new GuestEvent.Noted(
                name(),
                "it has let go of "
                    + device
                    + " unasked, or after the change was refused, and is without it; make the"
                    + " change again, or restart it"));
      }
    } finally {
      calls.unlock();
    }
  }

  /** Keeps the command line of other parts for the next daemon. */
  private void note(GuestSpec spec) {
    try {
      files.note(command.apply(spec));
    } catch (IOException e) {
      LogEvent.of("guest-files-old")
          .with("guest", name())
          .with("cause", Causes.of(e))
          .log(LOG, Level.WARNING);
    }
  }

  @Override
  public Nic addNic(NicSpec nic) throws VmmException {
    calls.lock();
    try {
      return parts.addNic(live("take a NIC").plugs(), nic);
    } finally {
      calls.unlock();
    }
  }

  @Override
  public void removeNic() throws VmmException {
    calls.lock();
    try {
      parts.removeNic(live("lose a NIC").plugs());
    } finally {
      calls.unlock();
    }
  }

  @Override
  public Nic replaceNic(int index, NicSpec nic) throws VmmException {
    calls.lock();
    try {
      return parts.replaceNic(live("have a NIC replaced").plugs(), index, nic);
    } finally {
      calls.unlock();
    }
  }

  @Override
  public void addDisk(DiskSpec disk) throws VmmException {
    calls.lock();
    try {
      parts.addDisk(live("take a disk").plugs(), disk);
    } finally {
      calls.unlock();
    }
  }

  @Override
  public void removeDisk() throws VmmException {
    calls.lock();
    try {
      parts.removeDisk(live("lose a disk").plugs());
    } finally {
      calls.unlock();
    }
  }

  @Override
  public void replaceDisk(int index, DiskSpec disk) throws VmmException {
    calls.lock();
    try {
      parts.replaceDisk(live("have a disk replaced").plugs(), index, disk);
    } finally {
      calls.unlock();
    }
  }

  @Override
  public List<Snapshot> snapshots() throws VmmException {
    return QemuSnapshots.of(parts.spec());
  }

  /** The QEMU of a guest whose devices are those that its command line has. */
  private RunningQemu unplugged(String call) throws VmmException {
    RunningQemu present = live(call);
    if (!present.plugs().areAsStarted(parts.spec())) {
      throw new VmmException(
          "NICs or disks of guest "
              + name()
              + " have come or gone while it ran, which a snapshot does not fit; restart it first");
    }
    return present;
  }

  @Override
  public void saveSnapshot(String snapshot) throws VmmException {
    calls.lock();
    try {
      unplugged("have a snapshot taken").snapshots().save(parts.spec(), snapshot);
    } finally {
      calls.unlock();
    }
  }

  @Override
  public void loadSnapshot(String snapshot) throws VmmException {
    calls.lock();
    try {
      if (isAlive()) {
        unplugged("go back to a snapshot").snapshots().load(parts.spec(), snapshot);
      } else {
        QemuSnapshots.require(parts.spec(), snapshot);
        start(snapshot);
      }
    } finally {
      calls.unlock();
    }
  }

  @Override
  public void removeSnapshot(String snapshot) throws VmmException {
    calls.lock();
    try {
      require("lose a snapshot", true);
      QemuSnapshots.require(parts.spec(), snapshot);
      if (isAlive()) {
        live("lose a snapshot").snapshots().remove(parts.spec(), snapshot);
      } else {
        removeWhileOff(snapshot);
      }
    } finally {
      calls.unlock();
    }
  }

  /** Removes a snapshot by a QEMU that has the guest's disks and does not let it run. */
  private void removeWhileOff(String snapshot) throws VmmException {
    try (DiskMaintenance maintenance = maintain();
        RunningQemu stopped = ready(maintenance.process())) {
      stopped.snapshots().remove(parts.spec(), snapshot);
      stopped.quit();
    }
  }

  /** Begins to work at the disks of the guest, which is off. */
  DiskMaintenance maintain() throws VmmException {
    return DiskMaintenance.begin(files, command.apply(parts.withoutNics()));
  }

  @Override
  public int removableNics() {
    RunningQemu present = live;
    return present == null || !isAlive() ? 0 : present.plugs().nics(parts.spec());
  }

  @Override
  public int removableDisks() {
    RunningQemu present = live;
    return present == null || !isAlive() ? 0 : present.plugs().disks(parts.spec());
  }

  @Override
  public GuestStatistics statistics() {
    RunningQemu present = live;
    long nanos = present == null ? lastNanos : Math.max(lastNanos, present.processorNanos());
    lastNanos = nanos;
    return new GuestStatistics(nanos, -1, parts.spec().memory());
  }

  @Override
  public void release() {
    calls.lock();
    try {
      if (gone || !isAlive()) {
        close();
        return;
      }
      let();
      forget();
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
      if (isAlive()) {
        end("closed");
      }
      files.remove();
      forget();
    } catch (IOException e) {
      LogEvent.of("guest-files-left").with("guest", name()).log(LOG, Level.WARNING, e);
      forget();
    } finally {
      calls.unlock();
    }
  }

  private void forget() {
    gone = true;
    told.shutdown();
    closed.accept(this);
  }
}
