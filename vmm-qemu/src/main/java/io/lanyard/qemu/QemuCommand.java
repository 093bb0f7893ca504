package io.lanyard.qemu;

import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.NicSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The command line of a guest's QEMU.
 *
 * <p>QEMU splits an option's value at commas. A text from the configuration is therefore an
 * argument that QEMU takes whole ({@code -kernel}, {@code -append}, {@code -bios}), or a value in
 * JSON ({@code -blockdev}, {@code -device}, {@code -netdev}), or a word that was checked to have no
 * comma; where an option knows no JSON ({@code -chardev}), commas are doubled.
 */
final class QemuCommand {
  /** The option before the file that QEMU writes its process's number to. */
  static final String PID_FILE = "-pidfile";

  private static final String STREAM = "stream";

  private static final String NIC = "nic";

  private static final String DISK_DEVICE = "dev-disk";
  private static final String CD_CONTROLLER = "bus-disk";

  /** Devices that can be added while a guest runs; each port costs the guest a bus. */
  static final int SPARE_PORTS = 4;

  private final Path program;
  private final GuestSpec spec;
  private final GuestFiles files;
  private final QemuOptions options;
  private final QemuVersion version;
  private final boolean kvm;
  private final boolean shares;
  private final List<String> behindPorts;
  private final List<String> line = new ArrayList<>();

  /**
   * Makes one.
   *
   * @param version the program's
   * @param kvm whether the host's KVM may run this architecture
   */
  private QemuCommand(
      Path program, QemuVersion version, GuestSpec spec, GuestFiles files, boolean kvm) {
    this.program = program;
    this.spec = spec;
    this.files = files;
    this.options = QemuOptions.of(spec.options());
    this.version = version;
    this.kvm = kvm;
    this.behindPorts = behindPorts(spec);
    this.shares =
        spec.nics().stream()
            .flatMap(nic -> QemuNic.choose(nic, options).stream())
            .anyMatch(Attachment.VhostUser.class::isInstance);
  }

  /** The command line of a guest whose specification was checked. */
  static List<String> of(
      Path program, QemuVersion version, GuestSpec spec, GuestFiles files, boolean kvm) {
    QemuCommand command = new QemuCommand(program, version, spec, files, kvm);
    command.process();
    command.board();
    command.boot();
    command.console();
    command.disks();
    command.nics();
    return List.copyOf(command.line);
  }

  private void add(String... arguments) {
    line.addAll(List.of(arguments));
  }

  private void add(String option, Map<String, Object> value) {
    add(option, Json.write(value));
  }

  private static Map<String, Object> map(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put((String) pairs[i], pairs[i + 1]);
    }
    return map;
  }

  /** A text in an option that knows no JSON. */
  private static String doubled(Path path) {
    return path.toString().replace(",", ",,");
  }

  private void process() {
    add(program.toString());
    add("-name", "guest=" + spec.name());
    // Files of this user's or the system's would add to what the configuration says.
    add("-no-user-config", "-nodefaults");
    add("-display", "none");
    add("-S"); // until somebody hears what it tells
    add(PID_FILE, files.pid().toString());
    add("-chardev", "socket,id=qmp,server=on,wait=off,path=" + doubled(files.qmp()));
    add("-mon", "chardev=qmp,mode=control");
    add("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
  }

  private void board() {
    QemuBoard usual = QemuBoard.of(spec.architecture());
    String machine = options.machine();
    String board = machine == null ? usual.machine() : machine;
    add("-machine", shares ? board + ",memory-backend=ram" : board);
    String cpu = options.cpu();
    if (cpu != null) {
      add("-cpu", cpu);
    } else if (!usual.cpu().isEmpty() && machine == null) {
      add("-cpu", usual.cpu());
    }
    switch (options.accelerator()) {
      case KVM -> add("-accel", "kvm");
      case TCG -> add("-accel", "tcg");
      case AUTO -> {
        if (kvm) {
          add("-accel", "kvm"); // the next one is taken where this one does not work
        }
        add("-accel", "tcg");
      }
    }
    add("-m", (spec.memory() >> 20) + "M");
    if (shares) { // sealed against shrinking by QEMU itself
      add(
          "-object",
          map(
              "qom-type",
              "memory-backend-memfd",
              "id",
              "ram",
              "size",
              spec.memory(),
              "share",
              true));
    }
    add("-smp", String.valueOf(spec.harts()));
    add("-device", map("driver", "virtio-rng-pci"));
    if (hasPorts(spec)) {
      int ports = behindPorts.size() + SPARE_PORTS;
      for (int i = 0; i < ports; i++) {
        // Chassis numbers are the guest's names of the slots, and begin with 1. Devices behind a
        // port have no registers in I/O space, of which there is not enough for many ports.
        add(
            "-device",
            map("driver", "pcie-root-port", "id", portId(i), "chassis", i + 1, "io-reserve", 0));
      }
    }
  }

  /**
   * The devices behind ports when a guest starts, in the order of their ports: those that it can
   * lose while it runs. The first disk is none of them, because a guest runs from that.
   *
   * @return their names; empty where the board has no ports, or its guests do not let go
   */
  static List<String> behindPorts(GuestSpec spec) {
    List<String> all = new ArrayList<>();
    Boolean said = QemuOptions.of(spec.options()).hotPlug();
    boolean letsGo = said == null ? QemuBoard.of(spec.architecture()).hotPlug() : said;
    if (hasPorts(spec) && letsGo) {
      for (int i = 1; i < spec.disks().size(); i++) {
        all.add(diskDeviceId(i, spec.disks().get(i)));
      }
      for (int i = 0; i < spec.nics().size(); i++) {
        all.add(nicId(i));
      }
    }
    return all;
  }

  /** A device behind its port, if it is to have one. */
  private Map<String, Object> placed(Map<String, Object> device) {
    int port = behindPorts.indexOf(String.valueOf(device.get("id")));
    if (port >= 0) {
      device.put("bus", portId(port));
    }
    return device;
  }

  /** Whether the guest's board has ports behind which devices are added. */
  static boolean hasPorts(GuestSpec spec) {
    return QemuBoard.of(spec.architecture()).express()
        && QemuOptions.of(spec.options()).machine() == null;
  }

  /** QEMU's name of a port behind which a device can be added. */
  static String portId(int index) {
    return "plug" + index;
  }

  private void boot() {
    switch (spec.boot()) {
      case BootSource.Kernel kernel -> {
        add("-kernel", kernel.kernel().toString());
        Path initrd = kernel.initrd();
        if (initrd != null) {
          add("-initrd", initrd.toString());
        }
        if (!kernel.commandLine().isEmpty()) {
          add("-append", kernel.commandLine());
        }
      }
      case BootSource.Firmware firmware -> add("-bios", firmware.file().toString());
      default -> {} // QEMU's own firmware, which starts what has the lowest bootindex
    }
  }

  private void console() {
    add("-chardev", "socket,id=console,server=on,wait=off,path=" + doubled(files.console()));
    add("-serial", "chardev:console");
  }

  private void disks() {
    int index = 0;
    for (DiskSpec disk : spec.disks()) {
      add("-blockdev", file(index, disk));
      add("-blockdev", image(index, disk));
      Map<String, Object> device = placed(diskDevice(index, disk));
      if (isCd(disk)) {
        add("-device", device);
        bootable(cd(index), index);
      } else {
        bootable(device, index);
      }
      index++;
    }
  }

  /** Adds a device that a guest may start from, unless it starts from a kernel: that is first. */
  private void bootable(Map<String, Object> device, int order) {
    if (!(spec.boot() instanceof BootSource.Kernel)) {
      device.put("bootindex", order);
    }
    add("-device", device);
  }

  /** QEMU's name of a disk's contents. */
  static String diskId(int index) {
    return "disk" + index;
  }

  /** Whether a disk is a CD, which has a controller. */
  static boolean isCd(DiskSpec disk) {
    return disk.format().equals(DiskSpec.ISO);
  }

  /** QEMU's name of the device that a disk is to its guest; a CD's is its controller. */
  static String diskDeviceId(int index, DiskSpec disk) {
    return (isCd(disk) ? CD_CONTROLLER : DISK_DEVICE) + index;
  }

  /** QEMU's name of a disk's file. */
  static String fileId(int index) {
    return diskId(index) + "-file";
  }

  /** A disk's file. */
  static Map<String, Object> file(int index, DiskSpec disk) {
    return map(
        "driver",
        "file",
        "node-name",
        fileId(index),
        "filename",
        disk.path().toString(),
        "read-only",
        disk.readOnly());
  }

  /** A disk's contents. */
  static Map<String, Object> image(int index, DiskSpec disk) {
    return map(
        "driver",
        disk.format().equals(DiskSpec.ISO) ? "raw" : disk.format(),
        "node-name",
        diskId(index),
        "file",
        fileId(index),
        "read-only",
        disk.readOnly());
  }

  /** The device of a disk; a CD's controller, which has the {@link #cd}. */
  static Map<String, Object> diskDevice(int index, DiskSpec disk) {
    String id = diskDeviceId(index, disk);
    return isCd(disk)
        ? map("driver", "virtio-scsi-pci", "id", id)
        : map("driver", "virtio-blk-pci", "id", id, "drive", diskId(index));
  }

  /** A CD at its controller. */
  static Map<String, Object> cd(int index) {
    return map(
        "driver",
        "scsi-cd",
        "id",
        "dev-cd" + index,
        "bus",
        CD_CONTROLLER + index + ".0",
        "drive",
        diskId(index));
  }

  private void nics() {
    for (int i = 0; i < spec.nics().size(); i++) {
      var nic = spec.nics().get(i);
      netdev(i, QemuNic.choose(nic, options).orElseThrow());
      bootable(placed(nicDevice(i, nic)), spec.disks().size() + i);
    }
  }

  private void netdev(int index, Attachment by) {
    String id = netdevId(index);
    if (by instanceof Attachment.VhostUser(Path path)) {
      String socket = "socket,id=" + sharedId(index) + ",path=" + doubled(path);
      add("-chardev", socket + "," + version.reconnect());
      add("-netdev", map("type", "vhost-user", "id", id, "chardev", sharedId(index)));
    } else if (by instanceof Attachment.UnixStream(Path path, boolean listens)) {
      add("-netdev", streamNetdev(index, path, listens));
    }
  }

  /** QEMU's name of the other end of a NIC. */
  static String netdevId(int index) {
    return "net" + index;
  }

  /** QEMU's name of the socket of a NIC that is attached by shared memory. */
  static String sharedId(int index) {
    return netdevId(index) + "-socket";
  }

  /** The other end of a NIC that is attached by a stream socket. */
  static Map<String, Object> streamNetdev(int index, Path socket, boolean listens) {
    Map<String, Object> address = map("type", "unix", "path", socket.toString());
    return map("type", STREAM, "id", netdevId(index), "server", listens, "addr", address);
  }

  /** A NIC. */
  static Map<String, Object> nicDevice(int index, NicSpec nic) {
    return map(
        "driver",
        "virtio-net-pci",
        "id",
        nicId(index),
        "netdev",
        netdevId(index),
        "mac",
        mac(nic.mac()),
        "host_mtu",
        nic.mtu());
  }

  /** Whether a command line of ours attaches a NIC by a stream socket. */
  static boolean attachesByStream(List<String> line, int index) {
    for (int i = 1; i < line.size(); i++) {
      if (line.get(i - 1).equals("-netdev")) {
        try {
          Map<?, ?> netdev = Json.readObject(line.get(i));
          if (Json.textIn(netdev, "id").equals(netdevId(index))) {
            return Json.textIn(netdev, "type").equals(STREAM);
          }
        } catch (IOException e) {
          return true; // not of ours
        }
      }
    }
    return true;
  }

  /** QEMU's name of a NIC. */
  static String nicId(int index) {
    return NIC + index;
  }

  private static String mac(long bits) {
    String hex = "%012x".formatted(bits);
    return String.join(":", hex.split("(?<=\\G..)"));
  }
}
