package io.lanyard.qemu;

import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.Snapshot;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * Snapshots of a guest, inside its qcow2 images: the memory goes into the first image that can be
 * written, and every image that can be written keeps its contents under the same name.
 *
 * <p>QEMU does each in a job (QEMU {@code docs/devel/block} and {@code qapi/migration.json}): the
 * command starts it, {@code JOB_STATUS_CHANGE} says when it is through, {@code query-jobs} whether
 * it worked. The guest and QEMU stand still while memory is written or read.
 *
 * <p>Thread: one at a time, but for {@link #jobChanged} and {@link #over}.
 */
final class QemuSnapshots {
  /** Below the daemon's limit for the call: some ten gigabytes to a slow disk. */
  private static final long JOB_MINUTES = 5;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

  /** Asks QEMU. */
  interface Monitor {
    /** Does a command. */
    Map<?, ?> execute(String command, Map<String, ?> arguments) throws QmpException;

    /** Asks for a list of objects. */
    List<Map<?, ?>> list(String query) throws QmpException;
  }

  private final Monitor monitor;
  private final AtomicLong numbers = new AtomicLong(System.nanoTime());
  private final Map<String, CompletableFuture<Boolean>> jobs = new ConcurrentHashMap<>();

  QemuSnapshots(Monitor monitor) {
    this.monitor = monitor;
  }

  /** The images that a guest writes, by their place in the specification. */
  private static List<Integer> written(GuestSpec spec) {
    List<Integer> written = new ArrayList<>();
    for (int i = 0; i < spec.disks().size(); i++) {
      if (!spec.disks().get(i).readOnly()) {
        written.add(i);
      }
    }
    return written;
  }

  /**
   * The images that a guest writes, all of which can keep a snapshot.
   *
   * @throws VmmException if there are none, or one cannot
   */
  private static List<Integer> able(GuestSpec spec) throws VmmException {
    List<Integer> written = written(spec);
    if (written.isEmpty()) {
      throw new VmmException(
          "a snapshot is kept in a qcow2 image that the guest can write, and it has none");
    }
    for (int i : written) {
      DiskSpec disk = spec.disks().get(i);
      if (!disk.format().equals(DiskSpec.QCOW2)) {
        throw new VmmException(
            "a snapshot is of all disks that can be written, and %s is %s, which keeps none; make"
                    .formatted(disk.path(), disk.format())
                + " it qcow2 (qemu-img convert -O qcow2), or say read-only: true");
      }
    }
    return written;
  }

  /** The snapshots of a guest, the oldest first; one that its disks cannot keep has none. */
  static List<Snapshot> of(GuestSpec spec) throws VmmException {
    List<Integer> written = written(spec);
    if (written.isEmpty()) {
      return List.of();
    }
    try {
      return SnapshotTable.read(spec.disks().get(written.getFirst()).path()).stream()
          .sorted(Comparator.comparing(Snapshot::taken))
          .toList();
    } catch (IOException e) {
      throw new VmmException(String.valueOf(e.getMessage()), e);
    }
  }

  private static boolean has(GuestSpec spec, String name) throws VmmException {
    return of(spec).stream().anyMatch(snapshot -> snapshot.name().equals(name));
  }

  /** Refuses a name that no snapshot of a guest has. */
  static void require(GuestSpec spec, String name) throws VmmException {
    if (!has(spec, name)) {
      throw new VmmException("guest " + spec.name() + " has no snapshot \"" + name + "\"");
    }
  }

  void save(GuestSpec spec, String name) throws VmmException {
    if (!NAME.matcher(name).matches()) {
      throw new VmmException(
          "\"" + name + "\" is no name: up to 63 letters, digits, dots, hyphens and underscores");
    }
    List<Integer> disks = able(spec);
    if (has(spec, name)) {
      throw new VmmException(
          "guest " + spec.name() + " has a snapshot " + name + " already; remove it first");
    }
    run("snapshot-save", memory(disks), disks, name);
  }

  void load(GuestSpec spec, String name) throws VmmException {
    require(spec, name);
    List<Integer> disks = able(spec);
    run("snapshot-load", memory(disks), disks, name);
  }

  void remove(GuestSpec spec, String name) throws VmmException {
    require(spec, name);
    run("snapshot-delete", Map.of(), able(spec), name);
  }

  private static Map<String, Object> memory(List<Integer> disks) {
    return Map.of("vmstate", QemuCommand.diskId(disks.getFirst()));
  }

  private void run(String command, Map<String, Object> memory, List<Integer> disks, String name)
      throws VmmException {
    String job = "lanyard-" + numbers.incrementAndGet();
    CompletableFuture<Boolean> end = new CompletableFuture<>();
    jobs.put(job, end);
    try {
      Map<String, Object> asked = new LinkedHashMap<>(memory);
      asked.put("job-id", job);
      asked.put("tag", name);
      asked.put("devices", disks.stream().map(QemuCommand::diskId).toList());
      monitor.execute(command, asked);
      if (!end.get(JOB_MINUTES, TimeUnit.MINUTES)) {
        throw new VmmException("QEMU has ended in the middle of it");
      }
      String error =
          monitor.list("query-jobs").stream()
              .filter(one -> Json.textIn(one, "id").equals(job))
              .map(one -> Json.textIn(one, "error"))
              .findFirst()
              .orElse("");
      monitor.execute("job-dismiss", Map.of("id", job));
      if (!error.isEmpty()) {
        throw new VmmException("QEMU refused " + command + ": " + error);
      }
    } catch (QmpException e) {
      throw new VmmException(String.valueOf(e.getMessage()), e);
    } catch (TimeoutException e) {
      throw new VmmException(
          "QEMU has not done " + command + " within " + JOB_MINUTES + " minutes", e);
    } catch (ExecutionException e) {
      throw new VmmException(command + " failed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VmmException("interrupted while QEMU was at " + command, e);
    } finally {
      jobs.remove(job);
    }
  }

  /** Hears how a job is now. On the thread that reads. */
  void jobChanged(String job, String status) {
    CompletableFuture<Boolean> end = jobs.get(job);
    if (end != null && status.equals("concluded")) {
      end.complete(true);
    }
  }

  /** Hears that QEMU is gone. On the thread that reads. */
  void over() {
    jobs.values().forEach(end -> end.complete(false));
  }
}
