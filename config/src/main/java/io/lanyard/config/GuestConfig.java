package io.lanyard.config;

import io.lanyard.config.Form.Named;
import io.lanyard.net.MacAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A guest.
 *
 * @param name its name, unique in the daemon: letters, digits and hyphens
 * @param vmm the name of the VMM that runs it
 * @param architecture its processors' architecture, or null for the image's or the VMM's usual one
 * @param memory bytes of RAM
 * @param harts how many processors
 * @param boot what it starts with
 * @param disks its disks, in order
 * @param nics its NICs, in order
 * @param autostart whether the daemon starts it when it starts itself
 * @param stopTimeout how long it may take to stop when its power button is pressed, because the
 *     daemon stops or a change removes or replaces it; zero powers it off at once
 * @param keepRunning whether it goes on when the daemon stops
 * @param options settings that only this VMM knows, in the order of the file
 */
public record GuestConfig(
    String name,
    String vmm,
    @Nullable String architecture,
    long memory,
    int harts,
    Boot boot,
    List<Disk> disks,
    List<Nic> nics,
    boolean autostart,
    Duration stopTimeout,
    boolean keepRunning,
    Map<String, String> options) {
  /** Copies the collections. */
  public GuestConfig {
    disks = List.copyOf(disks);
    nics = List.copyOf(nics);
    options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
  }

  /**
   * The guest's first NIC on a network.
   *
   * @param network the network's name
   * @return the NIC whose addresses the guest's name leads to; none if it is not on the network
   */
  public Optional<Nic> nicOn(String network) {
    return nics.stream().filter(nic -> nic.network().equals(network)).findFirst();
  }

  /**
   * The networks that the guest is on.
   *
   * @return their names
   */
  public Set<String> networks() {
    return nics.stream().map(Nic::network).collect(Collectors.toUnmodifiableSet());
  }

  /** The same guest with other NICs. */
  GuestConfig with(List<Nic> other) {
    return new GuestConfig(
        name,
        vmm,
        architecture,
        memory,
        harts,
        boot,
        disks,
        other,
        autostart,
        stopTimeout,
        keepRunning,
        options);
  }

  /** The program that a guest starts with. */
  public sealed interface Boot {
    /**
     * An image of the image store.
     *
     * @param name the image's name
     * @param commandLine the kernel's command line, or null for the image's own
     */
    record Image(String name, @Nullable String commandLine) implements Boot {}

    /**
     * A Linux kernel.
     *
     * @param kernel the kernel's image, an absolute path
     * @param initrd the initial RAM disk, an absolute path, or null for none
     * @param commandLine the kernel's command line; may be empty
     */
    record Kernel(Path kernel, @Nullable Path initrd, String commandLine) implements Boot {}

    /**
     * A bare program that owns the machine.
     *
     * @param elf a statically linked ELF file, an absolute path
     */
    record Program(Path elf) implements Boot {}

    /**
     * Firmware in place of the VMM's own.
     *
     * @param file an absolute path
     */
    record Firmware(Path file) implements Boot {}

    /** The first disk. */
    record FirstDisk() implements Boot {}

    /** The VMM's own firmware alone. */
    record Nothing() implements Boot {}
  }

  /**
   * A disk.
   *
   * @param path the image's file, an absolute path
   * @param format the image's format, as its VMM calls it
   * @param readOnly whether writes fail
   */
  public record Disk(Path path, String format, boolean readOnly) {
    /** The keys of a disk. */
    static final class Keys {
      static final Key<Path> PATH =
          Key.required(
              "path",
              Kind.PATH,
              "The image's file; a relative path is relative to this file's directory.");

      static final Key<String> FORMAT =
          Key.defaulted(
              "format",
              GuestConfig.Keys.WORD,
              "raw",
              "The image's format: raw; with vmm: qemu also qcow2, vdi, vhdx, vpc, and iso for a CD"
                  + " or DVD.");

      static final Key<Boolean> READ_ONLY =
          Key.defaulted("read-only", new Form.Flag(), false, "Whether writes fail.");

      static final Section SECTION = Section.of("disk", "A disk.", PATH, FORMAT, READ_ONLY);

      private Keys() {}
    }
  }

  /**
   * A NIC.
   *
   * @param name unique in the guest: {@code nic0}, {@code nic1}, ...
   * @param network the name of the network that it is attached to
   * @param mac its address: given, or derived from the guest's name and its own
   * @param mtu the largest IP packet that its port group says, in bytes, or null for the network's
   * @param policy what it may do on its network
   */
  public record Nic(
      String name, String network, MacAddress mac, @Nullable Integer mtu, PortPolicy policy) {
    /** The keys of a NIC. */
    static final class Keys {
      static final Key<String> NETWORK =
          Key.required("network", Kind.TEXT, "The name of the network that it is attached to.");

      static final Key<MacAddress> MAC =
          Key.optional(
              "mac",
              Kind.MAC,
              "52:54:00 and a hash of the guest's name and the NIC's place, different on every host",
              "Its address.");

      static final Section SECTION =
          new Section(
              "nic",
              "A NIC.",
              List.of(
                  NETWORK,
                  MAC,
                  PortPolicy.Keys.PORT_GROUP,
                  PortPolicy.Keys.GUARD,
                  PortPolicy.Keys.ISOLATED,
                  PortPolicy.Keys.STORM_CONTROL,
                  PortPolicy.Keys.LIMITS),
              List.of(),
              Map.of());

      private Keys() {}
    }
  }

  /** The keys of a guest. */
  static final class Keys {
    private static final String WORD_FORM = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}";

    /** The name of a VMM, an image, an architecture or a format. */
    static final Kind<String> WORD =
        Kind.of(
            "word",
            "a name of letters, digits, dots, hyphens and underscores",
            "^" + WORD_FORM + "$",
            Keys::word,
            "qemu",
            "debian-13-netboot");

    static final Key<String> VMM = Key.defaulted("vmm", WORD, "lanyard", "The VMM that runs it.");

    static final Key<String> ARCHITECTURE =
        Key.optional(
            "architecture",
            WORD,
            "the image's, or the VMM's usual one",
            "Its processors' architecture, such as x86_64, aarch64, riscv64.");

    static final Key<ByteSize> MEMORY =
        Key.defaulted(
            "memory",
            new Form.Within<>(Kind.SIZE, new ByteSize(1L << 20), new ByteSize(1L << 40)),
            new ByteSize(512L << 20),
            "Its RAM: a number with one of the binary units K, M, G, T.");

    static final Key<Integer> HARTS =
        Key.defaulted(
            "harts",
            new Form.Whole(1, 128),
            1,
            "How many processors. The bundled machine has one.");

    static final Key<String> IMAGE =
        Key.optional(
            "image", WORD, "none", "Boots an image of the image store (lanyard image ls).");

    static final Key<Path> KERNEL =
        Key.optional(
            "kernel",
            Kind.PATH,
            "none",
            "Boots a Linux kernel; a relative path is relative to this file's directory.");

    static final Key<Path> INITRD =
        Key.optional("initrd", Kind.PATH, "none", "The kernel's initial RAM disk.");

    static final Key<String> COMMAND_LINE =
        Key.optional(
            "command-line",
            Kind.TEXT,
            "the image's own; an empty one with a kernel",
            "The kernel's command line.");

    static final Key<Path> PROGRAM =
        Key.optional(
            "program",
            Kind.PATH,
            "none",
            "Runs a statically linked ELF file that owns the machine.");

    static final Key<Path> FIRMWARE =
        Key.optional(
            "firmware",
            Kind.PATH,
            "none",
            "Starts this firmware in place of the VMM's own. Without image, kernel, program and"
                + " firmware the VMM's own starts the first disk, or what it finds on the"
                + " network.");

    static final Key<List<Fields>> DISKS =
        Key.defaulted(
            "disks", new Form.ListOf<>(Disk.Keys.SECTION), List.of(), "Its disks, in order.");

    static final Key<List<Fields>> NICS =
        Key.defaulted(
            "nics", new Form.ListOf<>(Nic.Keys.SECTION), List.of(), "Its NICs, in order.");

    static final Key<Boolean> AUTOSTART =
        Key.defaulted(
            "autostart",
            new Form.Flag(),
            true,
            "Whether the daemon starts it when it starts itself.");

    /** A guest that takes longer does not react to its power button at all. */
    private static final Duration LONGEST_STOP = Duration.ofMinutes(5);

    static final Key<Duration> STOP_TIMEOUT =
        Key.defaulted(
            "stop-timeout",
            new Form.Within<>(Kind.DURATION, Duration.ZERO, LONGEST_STOP),
            Duration.ofSeconds(10),
            "How long it may take to stop after its power button was pressed, when the daemon stops"
                + " or a change removes or replaces the guest; then it is powered off. 0s powers it"
                + " off at once.");

    static final Key<Boolean> KEEP_RUNNING =
        Key.defaulted(
            "keep-running",
            new Form.Flag(),
            false,
            "Whether it goes on when the daemon stops, and is found again by the next one. For VMMs"
                + " whose guests have a process of their own, as those of vmm: qemu.");

    static final Key<List<Named<String>>> OPTIONS =
        Key.defaulted(
            "options",
            new Form.NamedMap<>(Kind.TEXT, new Form.AnyScalar()),
            List.of(),
            "Settings that only this VMM knows; the bundled machine has console, interrupts and"
                + " overcommit, vmm: qemu has accel, backing, cpu, hotplug, machine and nics.");

    static final Section SECTION =
        new Section(
            "guest",
            "A guest that the daemon runs itself.",
            List.of(
                VMM,
                ARCHITECTURE,
                MEMORY,
                HARTS,
                IMAGE,
                KERNEL,
                INITRD,
                COMMAND_LINE,
                PROGRAM,
                FIRMWARE,
                DISKS,
                NICS,
                PortPolicy.Keys.EGRESS,
                AUTOSTART,
                STOP_TIMEOUT,
                KEEP_RUNNING,
                OPTIONS),
            List.of(
                new KeyRule.AtMostOne(IMAGE, KERNEL, PROGRAM, FIRMWARE),
                new KeyRule.OnlyWith(INITRD, KERNEL, "an initrd goes with a kernel only"),
                new KeyRule.NotWith(COMMAND_LINE, PROGRAM, "a program has no command line"),
                new KeyRule.NotWith(COMMAND_LINE, FIRMWARE, "firmware has no command line")),
            Map.of());

    private Keys() {}

    private static String word(String text) {
      if (!text.matches(WORD_FORM)) {
        throw new IllegalArgumentException("a character of it is not allowed");
      }
      return text;
    }
  }
}
