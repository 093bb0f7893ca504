package io.lanyard.qemu;

import io.lanyard.base.Causes;
import io.lanyard.base.LogEvent;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Plugs devices into a QEMU that runs, and out of it.
 *
 * <p>A device behind a PCI Express port is the guest's until the guest lets go of it (PCI Express
 * Base Specification 6.7.1): QEMU asks it, and says {@code DEVICE_DELETED} then. A guest without an
 * operating system that has never switched the slot on is not asked.
 *
 * <p>Thread: one at a time, but for {@link #deleted}.
 */
final class QemuPlugs {
  private static final System.Logger LOG = System.getLogger(QemuPlugs.class.getName());

  /** Linux blinks the slot's light for five seconds before it lets go. */
  static final long UNPLUG_MILLIS = 8000;

  /** Asks QEMU. */
  @FunctionalInterface
  interface Monitor {
    Map<?, ?> execute(String command, Map<String, ?> arguments) throws QmpException;
  }

  /** A port and its device, in the file. */
  private static final Pattern NOTE = Pattern.compile("\\d{1,3} [a-z0-9-]+");

  private final Monitor monitor;
  private final boolean ports;
  private final Path file;
  private final long unplugMillis;
  private final Map<String, CountDownLatch> leaving = new ConcurrentHashMap<>();

  /** The device behind each port, of those that were added. */
  private final NavigableMap<Integer, String> added = new TreeMap<>();

  /**
   * Goes on where an earlier daemon has left off.
   *
   * @param ports whether devices go behind ports
   * @param file what is added in the QEMU that runs; QEMU itself must not be asked for a port that
   *     has a device: QEMU 7.2 then tells its guest of no device that is added later
   * @param unplugMillis how long a guest may take to let go of a device, {@link #UNPLUG_MILLIS}
   */
  QemuPlugs(Monitor monitor, boolean ports, Path file, long unplugMillis) throws IOException {
    this.monitor = monitor;
    this.ports = ports;
    this.file = file;
    this.unplugMillis = unplugMillis;
    if (Files.exists(file)) {
      for (String line : Files.readAllLines(file)) {
        if (NOTE.matcher(line).matches()) {
          String[] words = line.split(" ", -1);
          added.put(Integer.parseInt(words[0]), words[1]);
        }
      }
    }
  }

  /** The NICs that were added, which can be removed. */
  synchronized int nics() {
    return count(QemuCommand.NIC);
  }

  /** The disks that were added, which can be removed. */
  synchronized int disks() {
    return count(QemuCommand.DISK_DEVICE);
  }

  private int count(String prefix) {
    return (int) added.values().stream().filter(id -> id.startsWith(prefix)).count();
  }

  private synchronized void note(Runnable change) throws VmmException {
    change.run();
    List<String> lines =
        added.entrySet().stream().map(one -> one.getKey() + " " + one.getValue()).toList();
    try {
      Files.write(file, lines);
    } catch (IOException e) {
      throw new VmmException("cannot write " + file + ": " + Causes.of(e), e);
    }
  }

  /** Hears that the guest has let go of a device. On the thread that reads. */
  void deleted(String device) {
    CountDownLatch left = leaving.get(device);
    if (left != null) {
      left.countDown();
    }
  }

  void addNic(int index, NicSpec nic, Path socket) throws VmmException {
    execute("netdev_add", QemuCommand.streamNetdev(index, socket, true));
    try {
      device(QemuCommand.nicDevice(index, nic));
    } catch (VmmException e) {
      quietly("netdev_del", Map.of("id", QemuCommand.netdevId(index)));
      throw e;
    }
  }

  void removeNic(int index) throws VmmException {
    remove(QemuCommand.nicId(index));
    quietly("netdev_del", Map.of("id", QemuCommand.netdevId(index)));
  }

  void addDisk(int index, DiskSpec disk) throws VmmException {
    execute("blockdev-add", QemuCommand.file(index, disk));
    try {
      execute("blockdev-add", QemuCommand.image(index, disk));
      device(QemuCommand.diskDevice(index));
    } catch (VmmException e) {
      close(index);
      throw e;
    }
  }

  void removeDisk(int index) throws VmmException {
    remove(QemuCommand.diskDeviceId(index));
    close(index);
  }

  private void close(int disk) {
    quietly("blockdev-del", Map.of("node-name", QemuCommand.diskId(disk)));
    quietly("blockdev-del", Map.of("node-name", QemuCommand.fileId(disk)));
  }

  /** Adds a device, behind the first port that has none. */
  private void device(Map<String, Object> device) throws VmmException {
    int port = 0;
    while (added.containsKey(port)) {
      port++;
    }
    if (ports && port == QemuCommand.PORTS) {
      throw new VmmException(
          "the guest has no port left: it takes "
              + QemuCommand.PORTS
              + " devices while it runs; a restart frees them");
    }
    Map<String, Object> placed = new LinkedHashMap<>(device);
    if (ports) {
      placed.put("bus", QemuCommand.portId(port));
    }
    execute("device_add", placed);
    int at = port;
    note(() -> added.put(at, String.valueOf(device.get("id"))));
  }

  private void remove(String device) throws VmmException {
    CountDownLatch left = new CountDownLatch(1);
    leaving.put(device, left);
    try {
      execute("device_del", Map.of("id", device));
      if (left.await(unplugMillis, TimeUnit.MILLISECONDS)) {
        note(() -> added.values().remove(device));
      } else {
        throw new VmmException(
            "the guest has not let go of "
                + device
                + " within "
                + unplugMillis
                + " ms: it may have no operating system that knows how");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VmmException("interrupted while the guest was to let go of " + device, e);
    } finally {
      leaving.remove(device);
    }
  }

  private void execute(String command, Map<String, Object> arguments) throws VmmException {
    try {
      var _ = monitor.execute(command, arguments);
    } catch (QmpException e) {
      throw new VmmException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Takes back what goes with a device; it costs little if it stays. */
  private void quietly(String command, Map<String, Object> arguments) {
    try {
      execute(command, arguments);
    } catch (VmmException e) {
      LogEvent.of("qemu-part-left").with("command", command).log(LOG, Level.DEBUG, e);
    }
  }
}
