package io.lanyard.daemon;

import io.lanyard.base.LogEvent;
import io.lanyard.config.NicAddresses;
import io.lanyard.net.MacAddress;
import io.lanyard.net.UniqueLocal;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Collectors;

/**
 * The MAC addresses of guests' NICs for which the configuration says none. They follow from the
 * host's seed, so that guests of the same name on two hosts of one LAN have different ones.
 *
 * <p>Earlier daemons made them from the names alone. NICs that were in the configuration at the
 * upgrade keep these addresses, with their leases and reservations: a file in the state directory
 * lists them, one per line. The file is empty on hosts that have never run such a daemon.
 *
 * <p>Thread: any; {@link #keep} is called by one thread.
 */
final class KeptNicAddresses implements NicAddresses {
  private static final System.Logger LOG = System.getLogger(KeptNicAddresses.class.getName());
  private static final String NAME = "nics-addressed-by-name";

  private final Path file;
  private final UniqueLocal seeded;

  /** The NICs that keep the addresses of their names. */
  private final Set<String> former = new ConcurrentSkipListSet<>();

  /** Whether every NIC that is asked for is a former one, because no file lists them yet. */
  private volatile boolean noting;

  private KeptNicAddresses(Path file, UniqueLocal seeded) {
    this.file = file;
    this.seeded = seeded;
  }

  /**
   * Writes the empty list if no daemon has used the state directory. This comes before the seed is
   * drawn: a directory with a seed and without a list belongs to an earlier daemon, and a crash in
   * between must not make it look like one.
   *
   * @param directory the state directory, which this daemon has alone
   * @throws StartException if the file cannot be written
   */
  static void prepare(Path directory) throws StartException {
    Path file = directory.resolve(NAME);
    if (KeptPrefixes.exist(directory) || Files.exists(file)) {
      return;
    }
    try {
      StateFile.write(file, new byte[0]);
    } catch (IOException e) {
      throw new StartException(
          "the list of NICs that keep their MAC addresses, " + file + ", cannot be written: " + e,
          "make the state directory writable for this user",
          e);
    }
  }

  /**
   * Reads which NICs keep the addresses of their names. After an upgrade no file says it: then all
   * NICs that are asked for before {@link #keep} do.
   *
   * @param directory the state directory, which this daemon has alone and has prepared
   * @param seeded makes the addresses of the other NICs
   * @return the addresses
   * @throws StartException if the file cannot be read
   */
  static KeptNicAddresses open(Path directory, UniqueLocal seeded) throws StartException {
    KeptNicAddresses made = new KeptNicAddresses(directory.resolve(NAME), seeded);
    try {
      made.former.addAll(Files.readAllLines(made.file));
    } catch (NoSuchFileException e) {
      made.noting = true;
    } catch (IOException e) {
      throw new StartException(
          "the list of NICs that keep their MAC addresses, " + made.file + ", cannot be read: " + e,
          "make the file readable for this user",
          e);
    }
    return made;
  }

  @Override
  public MacAddress of(String guest, String nic) {
    String name = guest + "/" + nic;
    if (noting) {
      former.add(name);
    }
    return former.contains(name)
        ? NicAddresses.OF_NAMES.of(guest, nic)
        : seeded.macAddress("guest " + name);
  }

  /**
   * Keeps the NICs that were asked for since an upgrade; later ones get addresses of the seed. If
   * the list cannot be written, all NICs go on with the addresses of their names: no address may
   * change at the next start, which tries again.
   */
  void keep() {
    if (!noting) {
      return;
    }
    String lines = former.stream().map(name -> name + "\n").collect(Collectors.joining());
    try {
      StateFile.write(file, lines.getBytes(StandardCharsets.UTF_8));
      noting = false;
    } catch (IOException e) {
      LogEvent.of("nic-addresses-not-kept")
          .with("file", file)
          .with("cause", e)
          .with("advice", "make the state directory writable, and restart the daemon")
          .log(LOG, Level.WARNING);
    }
  }
}
