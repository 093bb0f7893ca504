package io.lanyard.config;

import io.lanyard.config.Form.Named;
import io.lanyard.config.GuestConfig.Boot;
import io.lanyard.config.GuestConfig.Disk;
import io.lanyard.config.GuestConfig.Keys;
import io.lanyard.config.GuestConfig.Nic;
import io.lanyard.net.MacAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads a guest. */
final class GuestReader {
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

  @Nullable GuestConfig read(String name, Fields guest) {
    String vmm = guest.value(Keys.VMM);
    ByteSize memory = guest.value(Keys.MEMORY);
    int harts = guest.value(Keys.HARTS);
    // Plug-ins check their own limits when a guest is made.
    if (harts > 1 && vmm.equals(Keys.VMM.otherwise())) {
      guest.problem(
          Keys.HARTS, "the machine of vmm: " + vmm + " has one processor, found " + harts);
    }
    Boot boot = boot(guest);
    List<Disk> disks = disks(guest);
    List<Nic> nics = nics(guest, name);
    boolean autostart = guest.value(Keys.AUTOSTART);
    Duration stopTimeout = guest.value(Keys.STOP_TIMEOUT);
    Map<String, String> options = options(guest);
    return boot == null
        ? null
        : new GuestConfig(
            name, vmm, memory.bytes(), harts, boot, disks, nics, autostart, stopTimeout, options);
  }

  /** The one source; where there are several, which has been reported, the first. */
  private @Nullable Boot boot(Fields guest) {
    String commandLine = guest.find(Keys.COMMAND_LINE);
    if (guest.has(Keys.IMAGE)) {
      String image = guest.find(Keys.IMAGE);
      return image == null ? null : new Boot.Image(image, commandLine);
    }
    if (guest.has(Keys.KERNEL)) {
      Path kernel = file(guest, Keys.KERNEL, "kernel");
      Path initrd = file(guest, Keys.INITRD, "initrd");
      return kernel == null
          ? null
          : new Boot.Kernel(kernel, initrd, commandLine == null ? "" : commandLine);
    }
    Path program = file(guest, Keys.PROGRAM, "program");
    return program == null ? null : new Boot.Program(program);
  }

  private @Nullable Path file(Fields fields, Key<Path> key, String what) {
    Path given = fields.find(key);
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
    Key<Path> key = Disk.Keys.PATH;
    List<Disk> disks = new ArrayList<>();
    for (Fields disk : guest.value(Keys.DISKS)) {
      boolean readOnly = disk.value(Disk.Keys.READ_ONLY);
      Path file = file(disk, key, "disk");
      if (file == null) {
        continue;
      }
      if (!readOnly) {
        claims.claim("the writable disk", file, disk.pathOf(key), disk.placeOf(key));
        if (Files.isRegularFile(file) && !Files.isWritable(file)) {
          disk.problem(
              key,
              "may not write the disk "
                  + Quoted.quote(file.toString())
                  + " (read-only: true if it is not to be written)");
        }
      }
      disks.add(new Disk(file, readOnly));
    }
    return disks;
  }

  private List<Nic> nics(Fields guest, String guestName) {
    List<Nic> nics = new ArrayList<>();
    for (Fields nic : guest.value(Keys.NICS)) {
      String network = nic.find(Nic.Keys.NETWORK);
      if (network == null) {
        continue;
      }
      if (!networks.contains(network)) {
        nic.problem(
            Nic.Keys.NETWORK,
            "no such network: " + Quoted.quote(network) + Quoted.hint(network, networks));
      }
      String name = "nic" + nics.size();
      MacAddress mac = nic.value(Nic.Keys.MAC, MacAddress.derivedFrom(guestName + "/" + name));
      claims.claim("the MAC address", mac, nic.pathOf(Nic.Keys.MAC), nic.placeOf(Nic.Keys.MAC));
      nics.add(new Nic(name, network, mac, PolicyReader.nic(nic)));
    }
    return nics;
  }

  private static Map<String, String> options(Fields guest) {
    Map<String, String> options = new LinkedHashMap<>();
    for (Named<String> option : guest.value(Keys.OPTIONS)) {
      String value = option.value();
      if (value != null) {
        options.put(option.name(), value);
      }
    }
    return options;
  }
}
