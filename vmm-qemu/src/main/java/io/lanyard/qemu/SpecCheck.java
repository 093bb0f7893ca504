package io.lanyard.qemu;

import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.SpecProblem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Looks for what stands in the way of a guest of QEMU's. Changes nothing. */
final class SpecCheck {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9-]{0,62}");
  private static final Path KVM = Path.of("/dev/kvm");

  /** The unit that people write; the smallest boards start with less. */
  private static final long MEMORY_UNIT = 1 << 20;

  private static final long MAX_MEMORY = 1L << 40;
  private static final int MAX_HARTS = 255;

  /** PCI slots of a board, less those that it uses itself. */
  private static final int MAX_DEVICES = 24;

  private final GuestSpec spec;
  private final QemuBinaries binaries;
  private final QemuOptions options;
  private final List<SpecProblem> problems = new ArrayList<>();

  private SpecCheck(GuestSpec spec, QemuBinaries binaries) {
    this.spec = spec;
    this.binaries = binaries;
    this.options = QemuOptions.of(spec.options());
  }

  /** All that is wrong with a specification, its files included. */
  static List<SpecProblem> of(GuestSpec spec, QemuBinaries binaries) {
    SpecCheck check = new SpecCheck(spec, binaries);
    check.parts();
    check.boot();
    check.disks();
    check.nics();
    return List.copyOf(check.problems);
  }

  private void demand(boolean met, String otherwise, String... path) {
    if (!met) {
      problems.add(SpecProblem.of(otherwise, path));
    }
  }

  private void parts() {
    demand(
        NAME.matcher(spec.name()).matches(),
        "the name \"%s\": up to 63 letters, digits and hyphens".formatted(spec.name()));
    demand(
        binaries.find(spec.architecture()) != null,
        "there is no program qemu-system-" + spec.architecture() + " on this host",
        "architecture");
    demand(
        spec.memory() >= MEMORY_UNIT
            && spec.memory() % MEMORY_UNIT == 0
            && spec.memory() <= MAX_MEMORY,
        "memory of %d bytes; give whole MiB, from 1 MiB to 1 TiB".formatted(spec.memory()),
        "memory");
    demand(
        spec.harts() >= 1 && spec.harts() <= MAX_HARTS,
        "%d processors; from 1 to %d".formatted(spec.harts(), MAX_HARTS),
        "harts");
    demand(
        spec.disks().size() + spec.nics().size() <= MAX_DEVICES,
        "%d disks and NICs; at most %d"
            .formatted(spec.disks().size() + spec.nics().size(), MAX_DEVICES));
    QemuOptions.check(spec.options(), problems);
    if (options.accelerator() == QemuOptions.Accelerator.KVM) {
      demand(
          spec.architecture().equals(binaries.host()),
          "KVM runs guests of the host's architecture, which is " + binaries.host(),
          "options",
          "accel");
      demand(
          Files.isReadable(KVM) && Files.isWritable(KVM),
          "this user may not use " + KVM + ", or it is not there; accel: auto does without",
          "options",
          "accel");
    }
    demand(
        options.machine() != null || !QemuBoard.of(spec.architecture()).machine().isEmpty(),
        "there is no usual machine for " + spec.architecture() + "; name one in options: machine",
        "architecture");
  }

  /** A file's first bytes, or a problem. */
  private void look(Path file, Look look, String... path) {
    try {
      String problem = look.problem(ImageHeader.read(file));
      demand(problem.isEmpty(), file + " " + problem, path);
    } catch (IOException e) {
      demand(false, String.valueOf(e.getMessage()), path);
    }
  }

  /** Finds what is wrong with a file. */
  private interface Look {
    /** Continues the file's name; empty for nothing. */
    String problem(ImageHeader header);
  }

  private static String emptiness(ImageHeader header) {
    return header.isEmpty() ? "is empty" : "";
  }

  private void boot() {
    switch (spec.boot()) {
      case BootSource.Kernel kernel -> {
        look(
            kernel.kernel(), header -> header.notAKernelFor(spec.architecture()), "boot", "kernel");
        Path initrd = kernel.initrd();
        if (initrd != null) {
          // QEMU takes it as several files where the kernel is of the multiboot kind.
          demand(
              !initrd.toString().contains(","),
              "QEMU takes no initrd with a comma in its path: " + initrd,
              "boot",
              "initrd");
          look(initrd, SpecCheck::emptiness, "boot", "initrd");
        }
      }
      case BootSource.Firmware firmware ->
          look(firmware.file(), SpecCheck::emptiness, "boot", "file");
      default -> {}
    }
  }

  private void disks() {
    for (int i = 0; i < spec.disks().size(); i++) {
      DiskSpec disk = spec.disks().get(i);
      String place = String.valueOf(i);
      look(disk.path(), header -> diskProblem(disk, header), "disks", place, "path");
      demand(
          disk.readOnly() || !disk.format().equals(DiskSpec.ISO),
          "a CD is read only; say read-only: true",
          "disks",
          place);
      demand(
          disk.readOnly() || !Files.exists(disk.path()) || Files.isWritable(disk.path()),
          "this user may not write " + disk.path() + "; say read-only: true, or have it changed",
          "disks",
          place,
          "path");
    }
  }

  private String diskProblem(DiskSpec disk, ImageHeader header) {
    String other = header.notAnImageOf(disk.format());
    if (!other.isEmpty() || !header.namesOtherFiles() || options.backing()) {
      return other;
    }
    return "is a layer over another file, which its header names; if you trust it, say options:"
        + " {backing: allow}";
  }

  private void nics() {
    problems.addAll(spec.contradictions());
    for (int i = 0; i < spec.nics().size(); i++) {
      NicSpec nic = spec.nics().get(i);
      String place = String.valueOf(i);
      String what = "NIC " + nic.name() + ": ";
      demand(
          QemuNic.choose(nic, options).isPresent(),
          what
              + "QEMU attaches it by shared memory or by a stream socket of its own, and neither"
              + " is offered",
          "nics",
          place);
    }
  }
}
