package io.lanyard.config;

import io.lanyard.config.GuestConfig.Boot;
import io.lanyard.config.GuestConfig.Disk;
import io.lanyard.config.GuestConfig.Nic;
import io.lanyard.net.MacAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads a guest. */
final class GuestReader {
  /** The VMM that comes with the daemon. Plug-ins check their own limits when a guest is made. */
  private static final String BUNDLED = "lanyard";

  private static final ByteSize DEFAULT_MEMORY = new ByteSize(512L << 20);
  private static final ByteSize LEAST_MEMORY = new ByteSize(1L << 20);
  private static final ByteSize MOST_MEMORY = new ByteSize(1L << 40);
  private static final int MOST_HARTS = 128;

  /** The keys that name a guest's program, of which exactly one is set. */
  private static final List<String> SOURCES = List.of("image", "kernel", "program");

  private static final Kind<String> WORD =
      new Kind<>(
          "a name of letters, digits, dots, hyphens and underscores",
          text -> {
            if (!text.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}")) {
              throw new IllegalArgumentException("a character of it is not allowed");
            }
            return text;
          });

  private final Claims claims;
  private final Path directory;
  private final List<String> networks;

  /**
   * Makes one.
   *
   * @param directory what relative paths are relative to
   * @param networks the names of all networks
   */
  GuestReader(Claims claims, Path directory, List<String> networks) {
    this.claims = claims;
    this.directory = directory;
    this.networks = networks;
  }

  @Nullable GuestConfig read(Problems problems, String name, YamlNode.Entry entry) {
    String path = Fields.join("guests", entry.key());
    Fields guest = Fields.open(problems, Section.GUEST, path, entry.keyPlace(), entry.value());
    if (guest == null) {
      return null;
    }
    String vmm = guest.value("vmm", WORD, BUNDLED);
    ByteSize memory = guest.value("memory", Kind.SIZE, DEFAULT_MEMORY);
    if (memory.bytes() < LEAST_MEMORY.bytes() || memory.bytes() > MOST_MEMORY.bytes()) {
      guest.problem(
          "memory", "expected " + LEAST_MEMORY + " to " + MOST_MEMORY + ", found " + memory);
    }
    int harts = guest.number("harts", 1, MOST_HARTS, 1);
    if (harts > 1 && vmm.equals(BUNDLED)) {
      guest.problem("harts", "the machine of vmm: lanyard has one processor, found " + harts);
    }
    Boot boot = boot(guest);
    List<Disk> disks = disks(guest);
    List<Nic> nics = nics(guest, name);
    boolean autostart = guest.flag("autostart", true);
    Map<String, String> options = options(guest);
    return boot == null
        ? null
        : new GuestConfig(name, vmm, memory.bytes(), harts, boot, disks, nics, autostart, options);
  }

  private @Nullable Boot boot(Fields guest) {
    List<String> given = SOURCES.stream().filter(guest::has).toList();
    if (given.size() != 1) {
      guest
          .problems()
          .add(
              guest.place(),
              guest.path(),
              "expected one of the keys image, kernel, program, found "
                  + (given.isEmpty() ? "none" : String.join(" and ", given)));
      return null;
    }
    String source = given.getFirst();
    if (!source.equals("kernel")) {
      guest.refuse("initrd", "an initrd goes with a kernel only");
    }
    if (source.equals("program")) {
      guest.refuse("command-line", "a program has no command line");
    }
    String commandLine = guest.value("command-line", Kind.TEXT);
    return switch (source) {
      case "image" -> {
        String image = guest.value("image", WORD);
        yield image == null ? null : new Boot.Image(image, commandLine);
      }
      case "kernel" -> {
        Path kernel = file(guest, "kernel", "kernel");
        Path initrd = file(guest, "initrd", "initrd");
        yield kernel == null
            ? null
            : new Boot.Kernel(kernel, initrd, commandLine == null ? "" : commandLine);
      }
      default -> {
        Path program = file(guest, "program", "program");
        yield program == null ? null : new Boot.Program(program);
      }
    };
  }

  private @Nullable Path file(Fields fields, String key, String what) {
    Path given = fields.value(key, Kind.PATH);
    if (given == null) {
      return null;
    }
    Path file = directory.resolve(given).toAbsolutePath().normalize();
    if (!Files.exists(file)) {
      fields.problem(key, "no such file: the " + what + " " + Quoted.quote(file.toString()));
    } else if (Files.isDirectory(file)) {
      fields.problem(key, "the " + what + " is a directory: " + Quoted.quote(file.toString()));
    } else if (!Files.isReadable(file)) {
      fields.problem(key, "may not read the " + what + " " + Quoted.quote(file.toString()));
    }
    return file;
  }

  private List<Disk> disks(Fields guest) {
    List<Disk> disks = new ArrayList<>();
    guest.items(
        "disks",
        (path, node) -> {
          Fields disk = Fields.open(guest.problems(), Section.DISK, path, node.place(), node);
          if (disk == null) {
            return;
          }
          boolean readOnly = disk.flag("read-only", false);
          Path file = file(disk, "path", "disk");
          if (file == null) {
            return;
          }
          if (!readOnly) {
            claims.claim("the writable disk", file, path + ".path", disk.placeOf("path"));
            if (Files.isRegularFile(file) && !Files.isWritable(file)) {
              disk.problem(
                  "path",
                  "may not write the disk "
                      + Quoted.quote(file.toString())
                      + " (read-only: true if it is not to be written)");
            }
          }
          disks.add(new Disk(file, readOnly));
        });
    return disks;
  }

  private List<Nic> nics(Fields guest, String guestName) {
    List<Nic> nics = new ArrayList<>();
    guest.items(
        "nics",
        (path, node) -> {
          Fields nic = Fields.open(guest.problems(), Section.NIC, path, node.place(), node);
          String network = nic == null ? null : nic.value("network", Kind.TEXT);
          if (nic == null || network == null) {
            return;
          }
          if (!networks.contains(network)) {
            nic.problem(
                "network",
                "no such network: " + Quoted.quote(network) + Quoted.hint(network, networks));
          }
          String name = "nic" + nics.size();
          MacAddress mac = nic.value("mac", Kind.MAC);
          if (mac == null) {
            mac = MacAddress.derivedFrom(guestName + "/" + name);
          }
          claims.claim("the MAC address", mac, path + ".mac", nic.placeOf("mac"));
          nics.add(new Nic(name, network, mac, PolicyReader.nic(nic)));
        });
    return nics;
  }

  private static Map<String, String> options(Fields guest) {
    Map<String, String> options = new LinkedHashMap<>();
    guest.named(
        "options",
        Kind.TEXT,
        (name, entry) -> {
          if (entry.value() instanceof YamlNode.Scalar scalar && !scalar.isNull()) {
            options.put(name, scalar.text());
          } else {
            guest
                .problems()
                .add(
                    entry.value().place(),
                    Fields.join(Fields.join(guest.path(), "options"), name),
                    "expected text, a number or true or false, found " + entry.value().found());
          }
        });
    return options;
  }
}
