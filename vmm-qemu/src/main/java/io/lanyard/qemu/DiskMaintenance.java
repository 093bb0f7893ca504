package io.lanyard.qemu;

import io.lanyard.base.LogEvent;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.util.List;

/**
 * Work at the disks of a guest that is off: a QEMU has them open, and does not let the guest run.
 *
 * <p>The guest's files say so meanwhile. Should the daemon be killed, the next one ends that QEMU
 * ({@link #endLeft}) and does not take it for the guest.
 *
 * <p>Thread: one that holds the guest's lock.
 */
final class DiskMaintenance implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(DiskMaintenance.class.getName());

  private final GuestFiles files;
  private final QemuProcess process;

  private DiskMaintenance(GuestFiles files, QemuProcess process) {
    this.files = files;
    this.process = process;
  }

  /**
   * Starts the QEMU. Leaves nothing behind if that fails.
   *
   * @param files the guest's
   * @param command a command line with the guest's disks and without its NICs
   * @return the work, to be closed
   */
  static DiskMaintenance begin(GuestFiles files, List<String> command) throws VmmException {
    boolean begun = false;
    try {
      files.make();
      files.beginMaintenance();
      DiskMaintenance maintenance =
          new DiskMaintenance(files, QemuProcess.start(command, files.directory()));
      begun = true;
      return maintenance;
    } finally {
      if (!begun) {
        endLeft(files);
      }
    }
  }

  /** The QEMU, which belongs to this object. */
  QemuProcess process() {
    return process;
  }

  /** Ends the QEMU. */
  @Override
  public void close() {
    process.kill();
    endLeft(files);
  }

  /**
   * Ends what a killed daemon has left of such work, or of a guest's start that was not over, if
   * there is anything.
   */
  static void endLeft(GuestFiles files) {
    if (!Files.exists(files.maintenance())) {
      return;
    }
    for (QemuProcess process : QemuProcess.startedFor(files)) {
      LogEvent.of("qemu-left-ended")
          .with("guest", files.directory().getFileName())
          .with("process", process.number())
          .log(LOG, Level.INFO);
      process.terminate();
    }
    try {
      Files.deleteIfExists(files.pid());
      Files.deleteIfExists(files.qmp());
      Files.deleteIfExists(files.maintenance());
    } catch (IOException e) {
      LogEvent.of("guest-files-left")
          .with("guest", files.directory().getFileName())
          .log(LOG, Level.WARNING, e);
    }
  }
}
