package io.lanyard.image;

import io.lanyard.base.Nearest;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The images that can be pulled. */
public final class Catalog {
  /**
   * An image that can be pulled.
   *
   * @param name its name
   * @param description a few words
   * @param architecture the processors' that its kernel is for, in the words of {@code uname -m}
   * @param suite the Debian suite that has the package
   * @param debianPackage the package
   * @param kernel the kernel's path in the package
   * @param initrd the initial RAM disk's path in the package
   * @param commandLine what the kernel is told
   * @param drivers where the drivers are that the initial RAM disk lacks; null if the image is the
   *     package's own
   */
  public record Entry(
      String name,
      String description,
      String architecture,
      String suite,
      String debianPackage,
      String kernel,
      String initrd,
      String commandLine,
      @Nullable Drivers drivers) {}

  /**
   * A package of drivers, for an image whose initial RAM disk is the slim one with these in it.
   *
   * @param debianPackage the package, with the kernel's release as {@code %s}
   * @param paths the drivers in the package, with the kernel's release as {@code %s}
   * @param modules what is loaded, in this order, and before each what it depends on
   */
  public record Drivers(String debianPackage, List<String> paths, List<String> modules) {}

  private static final String MODULES = "usr/lib/modules/%s/kernel/";

  /** Debian's installer for the network has no disk's driver: it fetches them. */
  private static final Drivers DISKS =
      new Drivers(
          "linux-image-%s:riscv64",
          List.of(
              MODULES + "drivers/block/virtio_blk.ko.xz",
              MODULES + "fs/jbd2/jbd2.ko.xz",
              MODULES + "fs/ext4/ext4.ko.xz"),
          // ext4 asks for its checksum by name, which is no dependency of the module.
          List.of("virtio_blk", "crc32c_generic", "ext4"));

  private static final String INSTALLER =
      "usr/lib/debian-installer/images/13/riscv64/text/debian-installer/riscv64/";

  /**
   * The command line of Debian's kernels. Their self-tests of cryptography are half of the
   * instructions of a boot, which is slow in an interpreter; a guest's own {@code command-line} can
   * enable them again.
   */
  private static final String COMMAND_LINE = "console=ttyS0 quiet cryptomgr.notests";

  private static final List<Entry> ENTRIES =
      List.of(
          new Entry(
              "debian-13-netboot",
              "Debian 13 (trixie) installer for riscv64: kernel, initrd, and a slim initrd",
              "riscv64",
              "trixie",
              "debian-installer-13-netboot-riscv64",
              INSTALLER + "linux",
              INSTALLER + "initrd.gz",
              COMMAND_LINE,
              null),
          new Entry(
              "debian-13-slim",
              "Debian 13 (trixie) kernel for riscv64 and a shell of BusyBox, with virtio_blk and"
                  + " ext4",
              "riscv64",
              "trixie",
              "debian-installer-13-netboot-riscv64",
              INSTALLER + "linux",
              INSTALLER + "initrd.gz",
              COMMAND_LINE,
              DISKS));

  private Catalog() {}

  /**
   * All images that can be pulled.
   *
   * @return in the order in which they are shown
   */
  public static List<Entry> entries() {
    return ENTRIES;
  }

  /**
   * Finds an image.
   *
   * @param name its name
   * @return the image
   * @throws ImageException if there is none of that name; the hint names the nearest
   */
  public static Entry find(String name) throws ImageException {
    for (Entry entry : ENTRIES) {
      if (entry.name().equals(name)) {
        return entry;
      }
    }
    throw new ImageException(
        "no image is called " + name,
        nearest(name).map(near -> "did you mean " + near + "?").orElse("")
            + " \"lanyard image ls --available\" lists what there is");
  }

  private static Optional<String> nearest(String name) {
    List<String> names = ENTRIES.stream().map(Entry::name).toList();
    return Optional.ofNullable(Nearest.to(name, names))
        .or(() -> names.stream().filter(n -> n.contains(name) || name.contains(n)).findFirst());
  }
}
