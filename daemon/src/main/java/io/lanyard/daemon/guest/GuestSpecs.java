package io.lanyard.daemon.guest;

import io.lanyard.base.LogEvent;
import io.lanyard.base.Nearest;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.GuestConfig.Boot;
import io.lanyard.image.Catalog;
import io.lanyard.image.ImageStore;
import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.Capability;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.SpecProblem;
import io.lanyard.vmm.VmmDescription;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * Makes the specification that a VMM is asked for out of a guest's configuration, and finds what
 * stands in the way of it: what the VMM's description does not have, and what the VMM says itself.
 *
 * <p>Thread: any. It calls the plug-in, which may block or throw: callers use a {@link
 * PluginExecutor}.
 */
final class GuestSpecs {
  /** A guest that asks for {@code NAME-slim} gets image NAME with its slim RAM disk. */
  private static final String SLIM = "-slim";

  /** {@code sun_path} without its terminator. */
  private static final int LONGEST_SOCKET = 107;

  private static final System.Logger LOG = System.getLogger(GuestSpecs.class.getName());

  /** As many steps lead to a guest in the configuration: guests, and its name. */
  private static final int GUESTS_STEPS = 2;

  private final VmmPlugins plugins;
  private final ImageStore images;

  GuestSpecs(VmmPlugins plugins, ImageStore images) {
    this.plugins = plugins;
    this.images = images;
  }

  /** Says the MTU of a network. */
  interface Mtus {
    /**
     * The MTU in bytes.
     *
     * @throws VmmException if the network is not there
     */
    int of(GuestConfig.Nic nic) throws VmmException;
  }

  /**
   * The specification of a guest, which its VMM was asked about.
   *
   * @throws VmmException with all that stands in the way
   */
  GuestSpec checked(GuestConfig guest, Mtus mtus) throws VmmException {
    VmmDescription vmm = plugins.describe(guest.vmm());
    List<SpecProblem> problems = new ArrayList<>(undescribed(guest, vmm));
    refuse(guest, problems);
    GuestSpec spec = specification(guest, vmm, boot(guest), mtus);
    refuse(guest, plugins.validate(guest.vmm(), spec));
    return spec;
  }

  /** Refuses a guest that cannot be made, by the keys that it has in the configuration. */
  private static void refuse(GuestConfig guest, List<SpecProblem> problems) throws VmmException {
    StringJoiner reasons = new StringJoiner("; ");
    for (SpecProblem problem : problems) {
      if (problem.fatal()) {
        List<String> steps = GuestCheck.keyOf(guest, problem.path()).steps();
        List<String> key = steps.subList(GUESTS_STEPS, steps.size());
        reasons.add(
            key.isEmpty() ? problem.message() : new DocumentPath(key) + ": " + problem.message());
      }
    }
    if (reasons.length() > 0) {
      throw new VmmException(reasons.toString());
    }
  }

  /** All that is wrong with a guest as far as can be told without making it. */
  List<SpecProblem> problems(GuestConfig guest, Mtus mtus) {
    VmmDescription vmm;
    try {
      vmm = plugins.describe(guest.vmm());
    } catch (VmmException e) {
      return List.of(SpecProblem.of(String.valueOf(e.getMessage()), "vmm"));
    }
    List<SpecProblem> problems = new ArrayList<>(undescribed(guest, vmm));
    if (vmm.architectures().isEmpty()) {
      return problems;
    }
    BootSource boot;
    try {
      boot = boot(guest);
    } catch (VmmException e) {
      boolean known = guest.boot() instanceof Boot.Image image && isOffered(image(image));
      problems.add(
          new SpecProblem(List.of("boot", "image"), String.valueOf(e.getMessage()), !known));
      boot = new BootSource.Kernel(images.directory().resolve("kernel"), null, "");
    }
    Set<String> said = new HashSet<>();
    problems.forEach(problem -> said.add(firstOf(problem)));
    try {
      plugins.validate(guest.vmm(), specification(guest, vmm, boot, mtus)).stream()
          .filter(problem -> !said.contains(firstOf(problem)))
          .forEach(problems::add);
    } catch (VmmException e) {
      problems.add(SpecProblem.of(String.valueOf(e.getMessage())));
    }
    return problems;
  }

  /** The part that a problem is about; that of the guest as a whole is no part's. */
  private static String firstOf(SpecProblem problem) {
    return problem.path().isEmpty() ? "" : problem.path().getFirst();
  }

  /** The parts of a guest that the VMM's description does not have. */
  private static List<SpecProblem> undescribed(GuestConfig guest, VmmDescription vmm) {
    List<SpecProblem> problems = new ArrayList<>();
    String name = "vmm: " + guest.vmm();
    if (vmm.architectures().isEmpty()) {
      problems.add(SpecProblem.of(name + " lacks what it needs on this host", "vmm"));
      return problems;
    }
    String architecture = guest.architecture();
    if (architecture != null && !vmm.architectures().contains(architecture)) {
      problems.add(
          SpecProblem.of(
              name + " has no " + architecture + " here; it has " + words(vmm.architectures()),
              "architecture"));
    }
    Class<? extends BootSource> kind = kindOf(guest.boot());
    if (!vmm.boots().contains(kind)) {
      problems.add(
          SpecProblem.of(
              name
                  + " starts no guest from "
                  + phrase(kind)
                  + "; it can from "
                  + words(vmm.boots().stream().map(GuestSpecs::phrase).sorted().toList()),
              "boot"));
    }
    for (int i = 0; i < guest.disks().size(); i++) {
      String format = guest.disks().get(i).format();
      if (!vmm.diskFormats().contains(format)) {
        problems.add(
            SpecProblem.of(
                vmm.diskFormats().isEmpty()
                    ? name + " has no disks"
                    : name
                        + " has no disks of format "
                        + format
                        + "; it has "
                        + words(vmm.diskFormats().stream().sorted().toList()),
                "disks",
                String.valueOf(i),
                "format"));
      }
    }
    if (!guest.nics().isEmpty() && vmm.attachments().isEmpty()) {
      problems.add(SpecProblem.of(name + " has no NICs", "nics"));
    }
    if (guest.keepRunning() && !vmm.capabilities().contains(Capability.OUTLIVES)) {
      problems.add(SpecProblem.of("the guests of " + name + " end with the daemon", "keepRunning"));
    }
    return problems;
  }

  private static String words(Collection<String> words) {
    return String.join(", ", words);
  }

  private static Class<? extends BootSource> kindOf(Boot boot) {
    return switch (boot) {
      case Boot.Image _, Boot.Kernel _ -> BootSource.Kernel.class;
      case Boot.Program _ -> BootSource.Program.class;
      case Boot.Firmware _ -> BootSource.Firmware.class;
      case Boot.FirstDisk _ -> BootSource.Disk.class;
      case Boot.Nothing _ -> BootSource.Nothing.class;
    };
  }

  /** A kind of start in the words of the configuration. */
  static String phrase(Class<? extends BootSource> kind) {
    if (kind == BootSource.Kernel.class) {
      return "image or kernel";
    } else if (kind == BootSource.Program.class) {
      return "program";
    } else if (kind == BootSource.Firmware.class) {
      return "firmware";
    } else if (kind == BootSource.Disk.class) {
      return "disks alone";
    }
    return kind == BootSource.Nothing.class ? "the network alone" : kind.getSimpleName();
  }

  private GuestSpec specification(GuestConfig guest, VmmDescription vmm, BootSource boot, Mtus mtus)
      throws VmmException {
    List<NicSpec> nics = new ArrayList<>();
    for (GuestConfig.Nic nic : guest.nics()) {
      nics.add(new NicSpec(nic.name(), nic.mac().bits(), mtus.of(nic), offers(guest, nic)));
    }
    String said = guest.architecture();
    return new GuestSpec(
        guest.name(),
        said != null ? said : architecture(guest, vmm),
        guest.memory(),
        guest.harts(),
        boot,
        guest.disks().stream()
            .map(disk -> new DiskSpec(disk.path(), disk.format(), disk.readOnly()))
            .toList(),
        nics,
        guest.options());
  }

  /** The image's architecture, if it is known and the VMM has it; else what the VMM usually has. */
  private static String architecture(GuestConfig guest, VmmDescription vmm) {
    if (guest.boot() instanceof Boot.Image image) {
      Optional<String> known =
          Catalog.entries().stream()
              .filter(entry -> entry.name().equals(image(image)))
              .map(Catalog.Entry::architecture)
              .findFirst();
      if (known.isPresent()) {
        return known.get();
      }
    }
    return vmm.architectures().getFirst();
  }

  /** The ways in which a NIC can be attached here, the best first. */
  private List<Attachment> offers(GuestConfig guest, GuestConfig.Nic nic) {
    List<Attachment> offers = new ArrayList<>();
    offers.add(new Attachment.InProcess());
    Path socket =
        plugins.runtimeDirectory(guest.vmm()).resolve(guest.name() + "." + nic.name() + ".sock");
    if (socket.toString().getBytes(StandardCharsets.UTF_8).length <= LONGEST_SOCKET) {
      offers.add(new Attachment.VhostUser(socket));
      offers.add(new Attachment.UnixStream(socket, false));
      offers.add(new Attachment.UnixStream(socket, true));
    }
    return offers;
  }

  private BootSource boot(GuestConfig guest) throws VmmException {
    return switch (guest.boot()) {
      case Boot.Kernel(var kernel, var initrd, var commandLine) ->
          new BootSource.Kernel(kernel, initrd, commandLine);
      case Boot.Program(var elf) -> new BootSource.Program(elf);
      case Boot.Image image -> found(image);
      case Boot.Firmware(var file) -> new BootSource.Firmware(file);
      case Boot.FirstDisk _ -> new BootSource.Disk();
      case Boot.Nothing _ -> new BootSource.Nothing();
    };
  }

  private boolean isSlim(Boot.Image image) {
    return !isOffered(image.name())
        && image.name().endsWith(SLIM)
        && images.find(image.name()).isEmpty();
  }

  private static boolean isOffered(String name) {
    return Catalog.entries().stream().anyMatch(entry -> entry.name().equals(name));
  }

  /** The name of the image in the catalogue. */
  private static String image(Boot.Image image) {
    String name = image.name();
    return name.endsWith(SLIM) && !isOffered(name)
        ? name.substring(0, name.length() - SLIM.length())
        : name;
  }

  /** The image that a misspelt name was meant to be, as a question; empty if there is none. */
  private String nearest(String name) {
    List<String> known = new ArrayList<>();
    Catalog.entries().forEach(entry -> known.add(entry.name()));
    try {
      images.list().forEach(image -> known.add(image.manifest().name()));
    } catch (IOException e) {
      LogEvent.of("images-not-listed").log(LOG, Level.DEBUG, e);
    }
    String meant = Nearest.to(name, known);
    return meant == null ? "" : "did you mean " + meant + "? ";
  }

  private BootSource found(Boot.Image wanted) throws VmmException {
    boolean slim = isSlim(wanted);
    String name = slim ? image(wanted) : wanted.name();
    Optional<ImageStore.Image> image = images.find(name);
    if (image.isEmpty()) {
      throw new VmmException(
          "image "
              + name
              + " is not in "
              + images.directory()
              + (isOffered(name)
                  ? "; run: lanyard image pull " + name
                  : ", and none of this name can be pulled; "
                      + nearest(name)
                      + "choose one that `lanyard image ls` lists"));
    }
    @Nullable String commandLine = wanted.commandLine();
    return new BootSource.Kernel(
        image.get().file("kernel").orElseThrow(),
        image.get().file(slim ? "slim" : "initrd").orElse(null),
        Objects.requireNonNullElse(commandLine, image.get().manifest().commandLine()));
  }
}
