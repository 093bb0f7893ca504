package io.lanyard.qemu;

import io.lanyard.base.Causes;
import io.lanyard.base.LogEvent;
import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
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
 * <p>A guest may let go long after it was asked, when the change was refused already, and on its
 * own: it is without the device then, which stays behind its port in this list until it is removed
 * once more.
 *
 * <p>A file says which device is behind which port, for the daemon that finds the QEMU later. QEMU
 * itself must not be asked for a port that has a device: QEMU 7.2 then tells its guest of no device
 * that is added later.
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

  private static final String PORTS = "ports ";

  /** A port and its device, in the file. */
  private static final Pattern NOTE = Pattern.compile("\\d{1,3} [a-z0-9-]+");

  private final Monitor monitor;
  private final Path file;
  private final long unplugMillis;
  private final Map<String, CountDownLatch> leaving = new ConcurrentHashMap<>();

  /** Devices in the list that the guest was asked for and has not let go of. */
  private final Set<String> asked = new HashSet<>();

  /** Devices in the list that the guest has let go of. */
  private final Set<String> gone = new HashSet<>();

  /** How many ports there are; 0 where devices need none. */
  private final int ports;

  /** The device behind each port; where devices need none, those that were added. */
  private final NavigableMap<Integer, String> devices = new TreeMap<>();

  /**
   * Goes on where an earlier daemon, or {@link #begin}, has left off.
   *
   * @param hasPorts whether devices go behind ports
   * @param file says which device is behind which port
   * @param unplugMillis how long a guest may take to let go of a device, {@link #UNPLUG_MILLIS}
   */
  QemuPlugs(Monitor monitor, boolean hasPorts, Path file, long unplugMillis) throws IOException {
    this.monitor = monitor;
    this.file = file;
    this.unplugMillis = unplugMillis;
    // A QEMU of an earlier version has these ports, and none for the devices of its start.
    int count = hasPorts ? QemuCommand.SPARE_PORTS : 0;
    if (Files.exists(file)) {
      for (String line : Files.readAllLines(file)) {
        if (NOTE.matcher(line).matches()) {
          String[] words = line.split(" ", -1);
          devices.put(Integer.parseInt(words[0]), words[1]);
        } else if (hasPorts && line.matches(PORTS + "\\d{1,3}")) {
          count = Integer.parseInt(line.substring(PORTS.length()));
        }
      }
    }
    ports = count;
  }

  /** Notes the ports and their devices of a guest that is started. */
  static void begin(Path file, GuestSpec spec) throws VmmException {
    if (QemuCommand.hasPorts(spec)) {
      List<String> behind = QemuCommand.behindPorts(spec);
      NavigableMap<Integer, String> devices = new TreeMap<>();
      behind.forEach(device -> devices.put(devices.size(), device));
      write(file, behind.size() + QemuCommand.SPARE_PORTS, devices);
    }
  }

  private static void write(Path file, int ports, Map<Integer, String> devices)
      throws VmmException {
    List<String> lines = new ArrayList<>();
    lines.add(PORTS + ports);
    devices.forEach((port, device) -> lines.add(port + " " + device));
    try {
      Files.write(file, lines);
    } catch (IOException e) {
      throw new VmmException("cannot write " + file + ": " + Causes.of(e), e);
    }
  }

  /** The NICs that can be removed, of the last ones. */
  synchronized int nics(GuestSpec spec) {
    int count = 0;
    for (int i = spec.nics().size() - 1; i >= 0 && isThere(QemuCommand.nicId(i)); i--) {
      count++;
    }
    return count;
  }

  /** The disks that can be removed, of the last ones. */
  synchronized int disks(GuestSpec spec) {
    int count = 0;
    for (int i = spec.disks().size() - 1;
        i >= 0 && isThere(QemuCommand.diskDeviceId(i, spec.disks().get(i)));
        i--) {
      count++;
    }
    return count;
  }

  private boolean isThere(String device) {
    return devices.containsValue(device);
  }

  /** Whether every device is where it would be in a QEMU that is started now. */
  synchronized boolean areAsStarted(GuestSpec spec) {
    if (!gone.isEmpty()) {
      return false;
    }
    List<String> behind = QemuCommand.behindPorts(spec);
    return ports == 0
        ? devices.isEmpty()
        : ports == behind.size() + QemuCommand.SPARE_PORTS
            && List.copyOf(devices.values()).equals(behind)
            && (devices.isEmpty() || devices.lastKey() == behind.size() - 1);
  }

  private synchronized void note(Runnable change) throws VmmException {
    change.run();
    write(file, ports, devices);
  }

  /**
   * Hears that the guest has let go of a device. On the thread that reads.
   *
   * @return whether nobody waits for that any more, or has asked for it
   */
  synchronized boolean deleted(String device) {
    CountDownLatch left = leaving.get(device);
    if (left != null) {
      left.countDown();
      return false;
    }
    return isThere(device) && gone.add(device);
  }

  /** Whether the guest is without a device that it should have. */
  synchronized boolean lacksDevices() {
    return !gone.isEmpty();
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

  void removeNic(int index, Attachment by) throws VmmException {
    remove(QemuCommand.nicId(index));
    quietly("netdev_del", Map.of("id", QemuCommand.netdevId(index)));
    if (by instanceof Attachment.VhostUser) {
      quietly("chardev-remove", Map.of("id", QemuCommand.sharedId(index)));
    }
  }

  void addDisk(int index, DiskSpec disk) throws VmmException {
    execute("blockdev-add", QemuCommand.file(index, disk));
    try {
      execute("blockdev-add", QemuCommand.image(index, disk));
      device(QemuCommand.diskDevice(index, disk));
    } catch (VmmException e) {
      close(index);
      throw e;
    }
    if (QemuCommand.isCd(disk)) {
      try {
        execute("device_add", QemuCommand.cd(index));
      } catch (VmmException e) {
        removeDisk(index, disk);
        throw e;
      }
    }
  }

  void removeDisk(int index, DiskSpec disk) throws VmmException {
    remove(QemuCommand.diskDeviceId(index, disk));
    close(index);
  }

  private void close(int disk) {
    quietly("blockdev-del", Map.of("node-name", QemuCommand.diskId(disk)));
    quietly("blockdev-del", Map.of("node-name", QemuCommand.fileId(disk)));
  }

  /** Adds a device, behind the first port that has none. */
  private void device(Map<String, Object> device) throws VmmException {
    int port = 0;
    while (devices.containsKey(port)) {
      port++;
    }
    if (ports > 0 && port == ports) {
      throw new VmmException(
          "the guest has no port left: it takes "
              + QemuCommand.SPARE_PORTS
              + " devices more than it had at its start; a restart frees them");
    }
    Map<String, Object> placed = new LinkedHashMap<>(device);
    if (ports > 0) {
      placed.put("bus", QemuCommand.portId(port));
    }
    execute("device_add", placed);
    int at = port;
    note(() -> devices.put(at, String.valueOf(device.get("id"))));
  }

  private void remove(String device) throws VmmException {
    CountDownLatch left = new CountDownLatch(1);
    synchronized (this) {
      if (gone.contains(device)) {
        left.countDown();
      } else {
        leaving.put(device, left);
      }
    }
    try {
      if (left.getCount() > 0) {
        ask(device, left);
      }
      boolean _ = left.await(unplugMillis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VmmException("interrupted while the guest was to let go of " + device, e);
    } finally {
      synchronized (this) {
        leaving.remove(device); // what comes from now on comes late
      }
    }
    if (left.getCount() > 0) {
      asked.add(device);
      throw new VmmException(
          "the guest has not let go of "
              + device
              + " within "
              + unplugMillis
              + " ms: it may have no operating system that knows how, or may need longer; make the"
              + " change again later, or power it off, change it, and start it again");
    }
    note(() -> {
      devices.values().remove(device);
      gone.remove(device);
    });
    asked.remove(device);
  }

  /** Asks the guest for a device. It may be without it already: a daemon that ended has asked. */
  private void ask(String device, CountDownLatch left) throws VmmException {
    try {
      var _ = monitor.execute("device_del", Map.of("id", device));
    } catch (QmpException e) {
      if (e.isNoSuchDevice()) {
        left.countDown();
      } else if (!asked.contains(device)) { // else the guest is being asked still
        throw new VmmException(String.valueOf(e.getMessage()), e);
      }
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
