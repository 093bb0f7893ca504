package io.lanyard.machine;

import io.lanyard.machine.boot.ElfImage;
import io.lanyard.machine.boot.ImageFile;
import io.lanyard.machine.boot.KernelImage;
import io.lanyard.machine.disk.RawImage;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.SpecProblem;
import io.lanyard.vmm.VmmException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Looks for what stands in the way of a guest of the bundled machine. Changes nothing. */
final class SpecCheck {
  static final String CONSOLE = "console";
  static final String INTERRUPTS = "interrupts";
  static final String OVERCOMMIT = "overcommit";

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9-]*");

  /** RAM is mapped by the page; a MiB is what people write, and leaves room for the device tree. */
  private static final long MEMORY_UNIT = 1 << 20;

  /** Below the PCI window that RAM would otherwise push out of 40 address bits. */
  private static final long MAX_MEMORY = 256L << 30;

  /** Slots of PCI: the bridge, the generator, the button and the console take four. */
  private static final int MAX_DEVICES = 28;

  /** The options that only this VMM knows, and their values. */
  private static final Map<String, List<String>> OPTIONS =
      Map.of(
          CONSOLE,
          List.of("serial", "virtio"),
          INTERRUPTS,
          List.of("aia", "plic"),
          OVERCOMMIT,
          List.of("allow"));

  private final GuestSpec spec;
  private final List<SpecProblem> problems = new ArrayList<>();

  private SpecCheck(GuestSpec spec) {
    this.spec = spec;
  }

  /** All that is wrong with a specification, its files included. */
  static List<SpecProblem> of(GuestSpec spec) {
    SpecCheck check = new SpecCheck(spec);
    check.parts();
    check.files();
    return List.copyOf(check.problems);
  }

  /** All that is wrong with it but its files, which the caller opens. */
  static List<SpecProblem> withoutFiles(GuestSpec spec) {
    SpecCheck check = new SpecCheck(spec);
    check.parts();
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
        "the name \"%s\": letters, digits and hyphens only".formatted(spec.name()));
    demand(
        hasMemory(),
        "memory of %d bytes; give whole MiB, from 1 MiB to 256 GiB".formatted(spec.memory()),
        "memory");
    demand(
        spec.harts() == 1,
        "this version of the machine has one hart, not %d; write harts: 1".formatted(spec.harts()),
        "harts");
    demand(
        spec.disks().size() + spec.nics().size() <= MAX_DEVICES,
        "%d disks and NICs; at most %d"
            .formatted(spec.disks().size() + spec.nics().size(), MAX_DEVICES));
    spec.options()
        .forEach((name, value) -> {
          List<String> values = OPTIONS.get(name);
          if (values == null) {
            demand(
                false,
                "the machine has no such option; it has console, interrupts and overcommit",
                "options",
                name);
          } else {
            demand(
                values.contains(value),
                "expected %s, found \"%s\"".formatted(String.join(" or ", values), value),
                "options",
                name);
          }
        });
    nics();
  }

  private boolean hasMemory() {
    return spec.memory() >= MEMORY_UNIT
        && spec.memory() % MEMORY_UNIT == 0
        && spec.memory() <= MAX_MEMORY;
  }

  private void nics() {
    problems.addAll(spec.contradictions());
    for (int i = 0; i < spec.nics().size(); i++) {
      NicSpec nic = spec.nics().get(i);
      String place = String.valueOf(i);
      String what = "NIC " + nic.name() + ": ";
      demand(
          nic.mtu() >= 68 && nic.mtu() <= 65_535,
          what + "MTU %d; from 68 to 65535".formatted(nic.mtu()),
          "nics",
          place);
      demand(
          LanyardNic.offered(nic),
          what + "it can be attached in the daemon's process only, which is not offered",
          "nics",
          place);
    }
  }

  private void files() {
    int before = problems.size();
    switch (spec.boot()) {
      case BootSource.Kernel kernel -> {
        demand(
            kernel.commandLine().length() < Boot.Kernel.COMMAND_LINE,
            "it has %d characters; the kernel takes at most %d"
                .formatted(kernel.commandLine().length(), Boot.Kernel.COMMAND_LINE - 1),
            "boot",
            "commandLine");
        attempt(() -> KernelImage.open(kernel.kernel()).close(), "boot", "kernel");
        Path initrd = kernel.initrd();
        if (initrd != null) {
          attempt(() -> ImageFile.open("initial RAM disk", initrd).close(), "boot", "initrd");
        }
      }
      case BootSource.Program program ->
          attempt(() -> ElfImage.open(program.elf()).close(), "boot", "elf");
      default -> {}
    }
    if (problems.size() == before && hasMemory()) {
      // Only its size can be wrong now.
      attempt(this::fits, "memory");
    }
    for (int i = 0; i < spec.disks().size(); i++) {
      DiskSpec disk = spec.disks().get(i);
      attempt(
          () -> RawImage.check(disk.path(), disk.readOnly()), "disks", String.valueOf(i), "path");
    }
  }

  private void fits() throws VmmException {
    try (Boot boot = Boot.open(spec.boot(), spec.memory())) {
      String hint = boot.memoryHint();
      if (!hint.isEmpty()) {
        problems.add(SpecProblem.doubt(hint, "memory"));
      }
    }
  }

  /** Something that fails if the guest cannot have it. */
  private interface Attempt {
    void run() throws VmmException;
  }

  private void attempt(Attempt attempt, String... path) {
    try {
      attempt.run();
    } catch (VmmException e) {
      demand(false, text(e), path);
    }
  }

  private static String text(VmmException e) {
    Throwable cause = e.getCause();
    return cause == null ? String.valueOf(e.getMessage()) : e.getMessage() + " (" + cause + ")";
  }
}
