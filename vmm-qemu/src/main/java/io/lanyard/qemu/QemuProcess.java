package io.lanyard.qemu;

import io.lanyard.base.Causes;
import io.lanyard.base.PrintableText;
import io.lanyard.vmm.VmmException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A guest's QEMU as a process, in a session of its own, so that what ends the daemon does not end
 * it. It is a child of the daemon that started it, and nobody's for the daemons after that.
 *
 * <p>Thread: any; calls block.
 */
final class QemuProcess {
  /** Closing images, whose data may have to go to the disk first. */
  private static final long QUIT_MILLIS = 3000;

  private static final long LOOK_MILLIS = 5;

  /** Of what it prints, the end is kept: usually there is a line or two. */
  private static final int MOST_OUTPUT = 4096;

  /** Places in what {@link #stat} gives. */
  private static final int STATE = 0;

  private static final int USER_TIME = 11;
  private static final int SYSTEM_TIME = 12;

  /** The kernel tells processes a hundredth of a second as a tick, whatever its own are. */
  private static final long TICK_NANOS = 10_000_000;

  /** The output of one that another daemon has started. */
  private static final Output NOTHING = new Output();

  private final ProcessHandle handle;
  private final Output output;

  private QemuProcess(ProcessHandle handle, Output output) {
    this.handle = handle;
    this.output = output;
  }

  /**
   * Starts QEMU.
   *
   * @param line its command line
   * @param directory where it runs
   * @throws VmmException if its program cannot be run
   */
  static QemuProcess start(List<String> line, Path directory) throws VmmException {
    List<String> apart = new ArrayList<>(line);
    apart.addFirst("setsid");
    try {
      Process child =
          new ProcessBuilder(apart)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectInput(new File("/dev/null"))
              .start();
      Output output = new Output();
      Thread.ofVirtual().name("qemu-output").start(() -> output.read(child.getInputStream()));
      return new QemuProcess(child.toHandle(), output);
    } catch (IOException e) {
      throw new VmmException("cannot run " + line.getFirst() + ": " + Causes.of(e), e);
    }
  }

  /** The output of a QEMU of this daemon's, as far as it is kept. */
  private static final class Output {
    private final byte[] last = new byte[MOST_OUTPUT];
    private long produced;
    private final CountDownLatch end = new CountDownLatch(1);

    void read(InputStream from) {
      byte[] piece = new byte[MOST_OUTPUT];
      try (from) {
        for (int n = from.read(piece); n >= 0; n = from.read(piece)) {
          synchronized (this) {
            for (int i = 0; i < n; i++) {
              last[(int) (produced++ % MOST_OUTPUT)] = piece[i];
            }
          }
        }
      } catch (IOException e) {
        // It has ended.
      } finally {
        end.countDown();
      }
    }

    synchronized String text() {
      int kept = (int) Math.min(produced, MOST_OUTPUT);
      byte[] bytes = new byte[kept];
      for (int i = 0; i < kept; i++) {
        bytes[i] = last[(int) ((produced - kept + i) % MOST_OUTPUT)];
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  /** The end of its output, to continue a sentence with; empty if there is none. */
  String said() {
    try {
      if (output != NOTHING && isOver()) {
        var _ = output.end.await(1, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    String text = output.text().strip();
    return text.isEmpty() ? "" : "; it said: " + PrintableText.of(text.replace('\n', ' '));
  }

  /** The process that a guest's files name, if it still runs and is QEMU. */
  static Optional<QemuProcess> find(GuestFiles files) {
    OptionalLong pid = files.readPid();
    if (pid.isEmpty()) {
      return Optional.empty();
    }
    return ProcessHandle.of(pid.getAsLong())
        .filter(handle -> handle.info().command().filter(QemuProcess::isQemu).isPresent())
        .map(handle -> new QemuProcess(handle, NOTHING))
        .filter(process -> !process.isOver());
  }

  /**
   * The processes that were started for a guest, whether they have written their number or not:
   * their command lines name the file for it.
   */
  static List<QemuProcess> startedFor(GuestFiles files) {
    String pidFile = files.pid().toString();
    return ProcessHandle.allProcesses()
        .filter(handle -> names(handle.pid(), pidFile))
        .map(handle -> new QemuProcess(handle, NOTHING))
        .filter(process -> !process.isOver())
        .toList();
  }

  /** Java itself tells no more of a command line than fits into a page. */
  private static boolean names(long process, String pidFile) {
    try {
      String line = Files.readString(Path.of("/proc", String.valueOf(process), "cmdline"));
      List<String> arguments = List.of(line.split("\0", -1));
      int option = arguments.indexOf(QemuCommand.PID_FILE);
      return option >= 0
          && option + 1 < arguments.size()
          && arguments.get(option + 1).equals(pidFile);
    } catch (IOException e) {
      return false; // it has ended, or its line is no text
    }
  }

  /** The process's number. */
  long number() {
    return handle.pid();
  }

  private static boolean isQemu(String program) {
    return Path.of(program).getFileName().toString().startsWith("qemu-");
  }

  /** Processor time that it used so far, in nanoseconds; 0 once it is gone. */
  long processorNanos() {
    String[] fields = stat();
    if (fields.length <= SYSTEM_TIME) {
      return 0;
    }
    return TICK_NANOS * (Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[SYSTEM_TIME]));
  }

  /** Whether it has ended; one that nobody has collected has, too. */
  boolean isOver() {
    String[] fields = stat();
    return fields.length == 0 || fields[STATE].equals("Z") || !handle.isAlive();
  }

  /** The fields of {@code /proc/PID/stat} after the name; none if it is gone (proc_pid_stat(5)). */
  private String[] stat() {
    try {
      String line = Files.readString(Path.of("/proc", String.valueOf(handle.pid()), "stat"));
      // "pid (name) state ...", and the name may have anything in it.
      return line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
    } catch (IOException e) {
      return new String[0];
    }
  }

  /** Has it close its images and end. */
  void terminate() {
    boolean _ = handle.destroy();
    end();
  }

  /** Ends it at once. */
  void kill() {
    handle.destroyForcibly();
    var _ = endsWithin(QUIT_MILLIS);
  }

  /** Waits until it has ended, and ends it if that takes too long. */
  void end() {
    if (!endsWithin(QUIT_MILLIS)) {
      kill();
    }
  }

  private boolean endsWithin(long millis) {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    boolean interrupted = false;
    while (!isOver()) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        interrupted = true;
        break;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
      return isOver();
    }
    return true;
  }
}
