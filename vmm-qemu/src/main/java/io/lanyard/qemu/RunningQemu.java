package io.lanyard.qemu;

import io.lanyard.base.LogEvent;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A QEMU that runs, and the connection to its monitor: a guest has one from each power-on to the
 * end of it.
 *
 * <p>Thread: one at a time, but for {@link #processorNanos} and {@link #endReason}.
 */
final class RunningQemu implements Qmp.Listener, QemuSnapshots.Monitor, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(RunningQemu.class.getName());

  /** QEMU checks its options, opens its files and reserves memory: well below a second. */
  private static final long START_MILLIS = 8000;

  private static final long LOOK_MILLIS = 5;

  /** Hears of a QEMU, on the thread that reads its monitor, which must not ask QEMU. */
  interface Listener {
    /** The guest has been reset. */
    void rebooted();

    /** The guest's processors were stopped, or go on. */
    void runStateChanged(RunningQemu from);

    /** The guest has let go of a device that nobody took from it. */
    void deviceLost(RunningQemu from, String device);

    /** QEMU is gone. */
    void ended(RunningQemu from);
  }

  /**
   * How a guest is.
   *
   * @param running whether its processors run
   * @param word QEMU's word for it (QEMU {@code qapi/run-state.json}, RunState)
   */
  record RunState(boolean running, String word) {}

  private final String guest;
  private final QemuProcess process;
  private final Listener listener;
  private final Qmp qmp;
  private final QemuPlugs plugs;
  private final QemuSnapshots snapshots = new QemuSnapshots(this);
  private volatile String endReason = "";

  /**
   * Connects to a QEMU.
   *
   * @throws IOException if it does not answer as QEMU does
   */
  RunningQemu(QemuProcess process, GuestFiles files, GuestSpec spec, Listener listener)
      throws IOException {
    this.guest = spec.name();
    this.process = process;
    this.listener = listener;
    // Before the connection, which may tell at once of what an earlier daemon has asked for.
    this.plugs =
        new QemuPlugs(
            this::execute, QemuCommand.hasPorts(spec), files.plugs(), QemuPlugs.UNPLUG_MILLIS);
    this.qmp = Qmp.connect(files.qmp(), guest, this);
  }

  /**
   * Connects to a QEMU that was just started, when it listens. It has checked its options and
   * opened its files then.
   *
   * @throws VmmException if it ends instead, or takes longer than {@value #START_MILLIS} ms
   */
  static RunningQemu await(QemuProcess process, GuestFiles files, GuestSpec spec, Listener listener)
      throws VmmException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(START_MILLIS);
    while (true) {
      // Only after that an exception says something.
      boolean over = process.isOver();
      boolean late = System.nanoTime() - deadline > 0;
      try {
        if (Files.exists(files.pid())) { // it is written last of what concerns us
          return new RunningQemu(process, files, spec, listener);
        }
      } catch (IOException e) {
        LogEvent.of("qemu-not-ready").with("guest", spec.name()).log(LOG, Level.DEBUG, e);
      }
      if (over) {
        throw new VmmException("QEMU did not start" + process.said());
      }
      if (late) {
        throw new VmmException(
            "QEMU was not ready within " + START_MILLIS + " ms and was ended" + process.said());
      }
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new VmmException("interrupted while QEMU started", e);
      }
    }
  }

  /** The devices that come and go while the guest runs. */
  QemuPlugs plugs() {
    return plugs;
  }

  /** The snapshots of the guest while it runs. */
  QemuSnapshots snapshots() {
    return snapshots;
  }

  /** Why it is about to end, for people; empty while it has not said so. */
  String endReason() {
    return endReason;
  }

  /** Processor time that it used so far, in nanoseconds; 0 once it is gone. */
  long processorNanos() {
    return process.processorNanos();
  }

  /** The end of its output, to continue a sentence with; empty if there is none. */
  String said() {
    return process.said();
  }

  @Override
  public Map<?, ?> execute(String command, Map<String, ?> arguments) throws QmpException {
    return qmp.execute(command, arguments);
  }

  @Override
  public List<Map<?, ?>> list(String query) throws QmpException {
    return qmp.list(query);
  }

  /** How the guest is now. */
  RunState runState() throws QmpException {
    Map<?, ?> status = execute("query-status", Map.of());
    return new RunState(Boolean.TRUE.equals(status.get("running")), Json.textIn(status, "status"));
  }

  /** Shows the guest the link of a NIC as it is; one that QEMU refuses is logged. */
  void setLink(int index, QemuNic nic) {
    try {
      var _ = execute("set_link", Map.of("name", QemuCommand.nicId(index), "up", nic.isUp()));
    } catch (QmpException e) {
      LogEvent.of("qemu-link-failed")
          .with("guest", guest)
          .with("nic", nic.name())
          .log(LOG, Level.DEBUG, e);
    }
  }

  /** Tells QEMU to end, and waits until it has; one that takes too long is killed. */
  void quit() {
    try {
      var _ = execute("quit", Map.of());
    } catch (QmpException e) {
      LogEvent.of("qemu-quit-failed").with("guest", guest).log(LOG, Level.DEBUG, e);
    }
    awaitEnd();
  }

  /** Waits until the process has ended; one that takes too long is killed. */
  void awaitEnd() {
    process.end();
  }

  /** Closes the connection; QEMU goes on. */
  @Override
  public void close() {
    qmp.close();
  }

  @Override
  public void onEvent(String name, Map<?, ?> data) {
    switch (name) {
      case "SHUTDOWN" -> endReason = reason(Json.textIn(data, "reason"));
      case "RESET" -> listener.rebooted();
      case "DEVICE_DELETED" -> {
        String device = Json.textIn(data, "device");
        if (plugs.deleted(device)) {
          listener.deviceLost(this, device);
        }
      }
      case "STOP", "RESUME" -> listener.runStateChanged(this);
      case "JOB_STATUS_CHANGE" ->
          snapshots.jobChanged(Json.textIn(data, "id"), Json.textIn(data, "status"));
      default -> {}
    }
  }

  @Override
  public void onEnd() {
    snapshots.over();
    listener.ended(this);
  }

  private static String reason(String word) {
    return switch (word) {
      case "guest-shutdown" -> "the guest shut itself down";
      case "guest-reset" -> "the guest restarted";
      case "guest-panic" -> "the guest's kernel panicked";
      case "host-signal" -> "a signal ended QEMU";
      case "" -> "QEMU was told to end";
      default -> "QEMU ended: " + word;
    };
  }
}
