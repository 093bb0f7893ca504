package io.lanyard.config;

import io.lanyard.config.Form.Named;
import io.lanyard.config.GuestConfig.Boot;
import io.lanyard.config.GuestConfig.Disk;
import io.lanyard.config.GuestConfig.Keys;
import io.lanyard.config.GuestConfig.Nic;
import io.lanyard.net.MacAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads a guest. */
final class GuestReader {
  private final Claims claims;
  private final Path directory;
  private final List<String> networks;
  private final EgressReader egress;
  private final NicAddresses addresses;

  /** The mappings of each guest's NICs. */
  private final Map<String, List<Fields>> nics = new HashMap<>();

  /** Where each guest may go. */
  private final Map<String, EgressConfig> rules = new HashMap<>();

  /**
   * Makes one.
   *
   * @param directory what relative paths are relative to
   * @param networks the names of all networks
   * @param egress reads where guests may go
   * @param addresses those of NICs for which nothing is said
   */
  GuestReader(
      Claims claims,
      Path directory,
      List<String> networks,
      EgressReader egress,
      NicAddresses addresses) {
    this.claims = claims;
    this.directory = directory;
    this.networks = networks;
    this.egress = egress;
    this.addresses = addresses;
  }

  @Nullable GuestConfig read(String name, Fields guest) {
    String vmm = guest.value(Keys.VMM);
    String architecture = guest.find(Keys.ARCHITECTURE);
    ByteSize memory = guest.value(Keys.MEMORY);
    int harts = guest.value(Keys.HARTS);
    List<Disk> disks = disks(guest);
    Boot boot = boot(guest, disks);
    List<Nic> nics = nics(guest, name);
    boolean autostart = guest.value(Keys.AUTOSTART);
    Duration stopTimeout = guest.value(Keys.STOP_TIMEOUT);
    boolean keepRunning = guest.value(Keys.KEEP_RUNNING);
    Map<String, String> options = options(guest);
    return boot == null
        ? null
        : new GuestConfig(
            name,
            vmm,
            architecture,
            memory.bytes(),
            harts,
            boot,
            disks,
            nics,
            autostart,
            stopTimeout,
            keepRunning,
            options);
  }

  /** The one source; where there are several, which has been reported, the first. */
  private @Nullable Boot boot(Fields guest, List<Disk> disks) {
    String commandLine = guest.find(Keys.COMMAND_LINE);
    if (guest.has(Keys.IMAGE)) {
      String image = guest.find(Keys.IMAGE);
      return image == null ? null : new Boot.Image(image, commandLine);
    }
    if (guest.has(Keys.KERNEL)) {
      Path kernel = file(guest, Keys.KERNEL);
      Path initrd = file(guest, Keys.INITRD);
      return kernel == null
          ? null
          : new Boot.Kernel(kernel, initrd, commandLine == null ? "" : commandLine);
    }
    if (guest.has(Keys.PROGRAM)) {
      Path program = file(guest, Keys.PROGRAM);
      return program == null ? null : new Boot.Program(program);
    }
    if (guest.has(Keys.FIRMWARE)) {
      Path firmware = file(guest, Keys.FIRMWARE);
      return firmware == null ? null : new Boot.Firmware(firmware);
    }
    return disks.isEmpty() ? new Boot.Nothing() : new Boot.FirstDisk();
  }

  /** Whether the file is there and what it should be is for the guest's VMM to say. */
  private @Nullable Path file(Fields fields, Key<Path> key) {
    Path given = fields.find(key);
    return given == null ? null : directory.resolve(given).toAbsolutePath().normalize();
  }

  private List<Disk> disks(Fields guest) {
    Key<Path> key = Disk.Keys.PATH;
    List<Disk> disks = new ArrayList<>();
    for (Fields disk : guest.value(Keys.DISKS)) {
      boolean readOnly = disk.value(Disk.Keys.READ_ONLY);
      String format = disk.value(Disk.Keys.FORMAT);
      Path file = file(disk, key);
      if (file == null) {
        continue;
      }
      if (!readOnly) {
        claims.claim("the writable disk", file, disk.pathOf(key), disk.placeOf(key));
      }
      disks.add(new Disk(file, format, readOnly));
    }
    return disks;
  }

  private List<Nic> nics(Fields guest, String guestName) {
    // Whether the networks have name servers is known when those are read.
    rules.put(guestName, egress.port(guest, true));
    List<Nic> nics = new ArrayList<>();
    List<Fields> read = new ArrayList<>();
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
      MacAddress said = nic.find(Nic.Keys.MAC);
      MacAddress mac = said == null ? addresses.of(guestName, name) : said;
      claims.claim("the MAC address", mac, nic.pathOf(Nic.Keys.MAC), nic.placeOf(Nic.Keys.MAC));
      nics.add(new Nic(name, network, mac, null, PortPolicy.DEFAULT));
      read.add(nic);
    }
    this.nics.put(guestName, read);
    return nics;
  }

  /**
   * Reads what the NICs of a guest may do, once the port groups of their networks are read.
   *
   * @param guest the guest as it was read, with NICs of which nothing is said
   * @param groups finds the groups of a network; null if there is no such network
   */
  GuestConfig withPolicies(GuestConfig guest, Function<String, @Nullable PortGroups> groups) {
    List<Fields> said = nics.getOrDefault(guest.name(), List.of());
    EgressConfig ofGuest = rules.getOrDefault(guest.name(), EgressConfig.INHERITED);
    List<Nic> all = new ArrayList<>();
    for (int i = 0; i < said.size(); i++) {
      Nic nic = guest.nics().get(i);
      PortGroups there = groups.apply(nic.network());
      PortGroupConfig group = null;
      if (there != null) {
        there.holds(said.get(i), ofGuest);
        group = there.of(said.get(i));
      }
      all.add(
          new Nic(
              nic.name(),
              nic.network(),
              nic.mac(),
              group == null ? null : group.mtu(),
              PolicyReader.nic(said.get(i), ofGuest, group)));
    }
    return guest.with(all);
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
