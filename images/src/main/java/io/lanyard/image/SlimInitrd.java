package io.lanyard.image;

import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.tukaani.xz.XZInputStream;

/**
 * Makes the small RAM disk out of the installer's.
 *
 * <p>It takes BusyBox with its applets, the few programs that BusyBox lacks there, the libraries
 * that these are linked with, and the drivers of a virtual machine's devices; the last decompressed
 * and listed in load order, because in an emulator that is most of a module's cost. Its {@code
 * /init} loads them and gives a shell on the console.
 */
final class SlimInitrd {
  /** Its file in an image. The number goes up when the recipe changes, so that it is made anew. */
  static final String FILE = "slim-2.cpio";

  /** Programs that are not applets; what the installer lacks is left out. */
  private static final List<String> PROGRAMS = List.of("busybox", "kmod", "wget", "httpd");

  private static final List<String> PROGRAM_DIRECTORIES =
      List.of("usr/bin", "usr/sbin", "bin", "sbin");

  private static final List<String> LIBRARY_DIRECTORIES =
      List.of("usr/lib/riscv64-linux-gnu", "usr/lib", "lib/riscv64-linux-gnu", "lib");

  /** Drivers, by module name; what depends on others pulls them in. */
  private static final List<String> DRIVERS =
      List.of("virtio_net", "virtio_rng", "virtio_input", "evdev");

  private static final String INIT =
      """
      #!/bin/sh
      export PATH=/usr/bin HOME=/root TERM=linux
      mount -t proc proc /proc
      mount -t sysfs sysfs /sys
      mount -t devtmpfs devtmpfs /dev 2>/dev/null
      exec </dev/console >/dev/console 2>&1
      while read module; do
        insmod /modules/$module
      done </modules/order
      # What is typed goes to the virtio console of a guest that has one.
      tty=ttyS0
      case "$(cat /sys/bus/virtio/devices/*/device 2>/dev/null)" in
        *0x0003*) tty=hvc0 ;;
      esac
      echo "$tty::respawn:-/bin/sh" >>/etc/inittab
      ip link set lo up
      # The power button is a keyboard with one key: any event on it means power off.
      if [ -e /dev/input/event0 ]; then
        (dd if=/dev/input/event0 bs=24 count=1 of=/dev/null 2>/dev/null && poweroff -f) &
      fi
      cd /root
      read up idle </proc/uptime
      echo "lanyard: ready after $up s"
      exec init
      """;

  /**
   * BusyBox's init makes the console its shell's controlling terminal, so that Ctrl-C works; {@code
   * /init} adds which one that is.
   */
  private static final String INITTAB =
      """
      ::ctrlaltdel:/bin/poweroff -f
      """;

  private static final String MODULES = "usr/lib/modules/";

  private static final Pattern RELEASE = Pattern.compile(MODULES + "([0-9][A-Za-z0-9.+~-]*)/");

  private final FileTree from;
  private final FileTree to = new FileTree();
  private final List<String> drivers;

  private SlimInitrd(FileTree from, List<String> more) {
    this.from = from;
    this.drivers = Stream.concat(DRIVERS.stream(), more.stream()).distinct().toList();
  }

  /**
   * The release of the kernel that a RAM disk's drivers are for.
   *
   * @param installer the installer's RAM disk, compressed by gzip
   * @return such as {@code 6.12.117+deb13-riscv64}
   * @throws IOException if it has no drivers
   */
  static String release(Path installer) throws IOException {
    try (InputStream in = Files.newInputStream(installer)) {
      for (String path : FileTree.read(in, path -> path.startsWith(MODULES)).nodes().keySet()) {
        Matcher release = RELEASE.matcher(path);
        if (release.lookingAt()) {
          return release.group(1);
        }
      }
    }
    throw new IOException("the installer's RAM disk has no drivers");
  }

  /**
   * Makes the small RAM disk.
   *
   * @param installer the installer's RAM disk, compressed by gzip
   * @param more files of drivers that the installer's RAM disk lacks, compressed by xz
   * @param modules the drivers that are loaded besides those of a machine without disks
   * @param target the file to write
   * @throws IOException if the installer's RAM disk is not what it should be, or the disk is full
   */
  static void make(Path installer, List<Path> more, List<String> modules, Path target)
      throws IOException {
    FileTree from;
    try (InputStream in = Files.newInputStream(installer)) {
      from = FileTree.read(in, SlimInitrd::mayBeWanted);
    }
    for (Path driver : more) {
      from.add(
          MODULES + driver.getFileName(),
          new FileTree.RegularFile(Files.readAllBytes(driver), false));
    }
    FileTree slim = new SlimInitrd(from, modules).build();
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(target), 1 << 16)) {
      slim.write(out);
    }
  }

  private static boolean mayBeWanted(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return PROGRAMS.contains(name)
        || name.contains(".so")
        || name.endsWith(".ko")
        || name.endsWith(".ko.xz")
        || path.startsWith("etc/udhcpc/")
        || path.equals("etc/nsswitch.conf");
  }

  private FileTree build() throws IOException {
    for (String directory :
        List.of("proc", "sys", "dev", "tmp", "run", "root", "var/lib/udhcp", "var/log", "mnt")) {
      to.add(directory, new FileTree.Directory());
    }
    to.add("usr/bin", new FileTree.Directory());
    to.add("usr/lib", new FileTree.Directory());
    to.add("usr/sbin", new FileTree.Link("bin"));
    to.add("bin", new FileTree.Link("usr/bin"));
    to.add("sbin", new FileTree.Link("usr/bin"));
    to.add("lib", new FileTree.Link("usr/lib"));
    addPrograms();
    addApplets();
    addDrivers();
    for (Map.Entry<String, FileTree.Node> node : from.nodes().entrySet()) {
      if (node.getKey().startsWith("etc/udhcpc/") || node.getKey().equals("etc/nsswitch.conf")) {
        to.add(node.getKey(), node.getValue());
      }
    }
    to.addFile("etc/passwd", "root::0:0:root:/root:/bin/sh\n", false);
    to.addFile("etc/group", "root:x:0:\n", false);
    to.addFile("etc/hosts", "127.0.0.1 localhost\n", false);
    to.addFile("etc/inittab", INITTAB, false);
    to.addFile("init", INIT, true);
    return to;
  }

  private void addPrograms() throws IOException {
    Set<String> libraries = new LinkedHashSet<>();
    for (String program : PROGRAMS) {
      for (String directory : PROGRAM_DIRECTORIES) {
        var file = from.file(directory + "/" + program);
        if (file.isPresent()) {
          to.add("usr/bin/" + program, new FileTree.RegularFile(file.get().bytes(), true));
          addLibraries(file.get().bytes(), libraries);
          break;
        }
      }
    }
    if (!to.nodes().containsKey("usr/bin/busybox")) {
      throw new IOException("the installer's RAM disk has no busybox");
    }
  }

  /** All in one directory, where the loader's own path is too. */
  private void addLibraries(byte[] program, Set<String> known) throws IOException {
    if (program.length < 4 || program[0] != 0x7f) {
      return;
    }
    for (String library : ElfFile.needed(program)) {
      if (library.contains("/") || !known.add(library)) {
        continue;
      }
      byte[] bytes = null;
      for (String directory : LIBRARY_DIRECTORIES) {
        var file = from.file(directory + "/" + library);
        if (file.isPresent()) {
          bytes = file.get().bytes();
          break;
        }
      }
      if (bytes == null) {
        throw new IOException("the installer's RAM disk has no library " + library);
      }
      to.add("usr/lib/" + library, new FileTree.RegularFile(bytes, true));
      addLibraries(bytes, known);
    }
  }

  private void addApplets() {
    String busybox = from.resolve("bin/busybox").orElse("");
    for (Map.Entry<String, FileTree.Node> node : from.nodes().entrySet()) {
      String path = node.getKey();
      if (!(node.getValue() instanceof FileTree.Link)) {
        continue;
      }
      String applet = "usr/bin/" + path.substring(path.lastIndexOf('/') + 1);
      if (from.resolve(path).filter(busybox::equals).isPresent()
          && !to.nodes().containsKey(applet)) {
        to.add(applet, new FileTree.Link("busybox"));
      }
    }
    // The installer starts its own.
    to.add("usr/bin/init", new FileTree.Link("busybox"));
    if (to.nodes().containsKey("usr/bin/kmod")) {
      for (String name : List.of("insmod", "rmmod", "lsmod", "modprobe")) {
        to.add("usr/bin/" + name, new FileTree.Link("kmod"));
      }
    }
  }

  private void addDrivers() throws IOException {
    Map<String, String> paths = new LinkedHashMap<>();
    for (String path : from.nodes().keySet()) {
      String name = path.substring(path.lastIndexOf('/') + 1);
      if (name.endsWith(".ko") || name.endsWith(".ko.xz")) {
        paths.put(moduleName(name), path);
      }
    }
    List<String> order = new ArrayList<>();
    for (String driver : drivers) {
      addDriver(driver, paths, order);
    }
    to.add("modules", new FileTree.Directory());
    to.addFile(
        "modules/order",
        String.join("", order.stream().map(module -> module + ".ko\n").toList()),
        false);
  }

  /** In load order: what a module depends on comes before it. */
  private void addDriver(String driver, Map<String, String> paths, List<String> order)
      throws IOException {
    String path = paths.get(driver);
    if (path == null || to.nodes().containsKey("modules/" + driver + ".ko")) {
      return;
    }
    var file = from.file(path);
    if (file.isEmpty()) {
      return;
    }
    byte[] bytes = file.get().bytes();
    if (path.endsWith(".xz")) {
      try (XZInputStream in = new XZInputStream(new ByteArrayInputStream(bytes))) {
        bytes = in.readAllBytes();
      }
    }
    to.add("modules/" + driver + ".ko", new FileTree.RegularFile(bytes, false));
    for (String dependency : ElfFile.dependencies(bytes)) {
      addDriver(dependency.replace('-', '_'), paths, order);
    }
    order.add(driver);
  }

  private static String moduleName(String fileName) {
    return fileName.substring(0, fileName.indexOf(".ko")).replace('-', '_');
  }
}
