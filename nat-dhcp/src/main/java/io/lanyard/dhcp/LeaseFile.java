package io.lanyard.dhcp;

import io.lanyard.base.LogEvent;
import io.lanyard.net.Address;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.h2.mvstore.type.ByteArrayDataType;
import org.h2.mvstore.type.IntegerDataType;
import org.h2.mvstore.type.StringDataType;
import org.jspecify.annotations.Nullable;

/**
 * The file of a lease store: opened, checked for damage, and committed with a sync.
 *
 * <p>It is an MVStore. A network's leases are the map {@code leases.NETWORK}, by IPv4 address as an
 * int, and the map {@code leases6.NETWORK}, by IPv6 address as text; the map {@code clock} has the
 * {@link LeaseClock.Reference}.
 *
 * <p>Thread: one at a time. After an exception from {@link #commit} the file is to be abandoned and
 * opened again, which starts from what is on disk.
 */
final class LeaseFile {
  private static final System.Logger LOG = System.getLogger(LeaseFile.class.getName());

  /**
   * How long freed chunks of the file are left alone. The store's own 45 s guard against disks that
   * reorder writes, which the sync after each commit does; a second bounds the file's growth.
   */
  private static final int RETENTION_MILLIS = 1_000;

  /** MVStore's unit of the file, with which each chunk begins, and the length of its header. */
  private static final int BLOCK = 4096;

  private static final int HEADER = 1024;

  /** A chunk's header: pairs of names and values, the version in hexadecimal. */
  private static final Pattern CHUNK =
      Pattern.compile("chunk:[^\n]*,version:([0-9a-f]{1,15})[,\n]");

  /** Chunks that are written without a sync between them: a commit, and what closing writes. */
  private static final int MOST_TORN = 3;

  private static final String LEASES = "leases.";
  private static final String LEASES6 = "leases6.";
  private static final String CLOCK = "clock";
  private static final int REFERENCE = 0;

  private final Path path;
  private final MVStore store;
  private final Map<String, MVMap<Integer, byte[]>> maps = new LinkedHashMap<>();
  private final Map<String, MVMap<String, byte[]>> maps6 = new LinkedHashMap<>();
  private Map<String, List<Lease>> leases = Map.of();

  /** A sync may be under way, or may have failed. */
  private boolean syncs;

  private LeaseClock.@Nullable Reference reference;

  private LeaseFile(Path path, MVStore store) {
    this.path = path;
    this.store = store;
  }

  /**
   * Opens the file, or makes it.
   *
   * @param path the file; its directory must be there
   * @throws LeaseStoreException if it cannot be used: damaged, locked by another process, or not
   *     readable
   */
  static LeaseFile open(Path path) {
    try {
      return open(path, true);
    } catch (LeaseStoreException e) {
      if (!e.isDamage() || !cutTornCommit(path, e)) {
        throw e;
      }
      return open(path, false);
    }
  }

  /**
   * Puts a file without its last commit in place of one that is damaged, if that can be read. A
   * power failure during a commit can leave some of its blocks on the disk and not others, and
   * MVStore looks at no more than the first and the last.
   */
  private static boolean cutTornCommit(Path path, LeaseStoreException damage) {
    Path cut = fresh(path);
    try {
      byte[] bytes = Files.readAllBytes(path);
      for (int i = 0; i < MOST_TORN && removeNewestChunk(bytes); i++) {
        Files.write(cut, bytes);
        if (canBeRead(cut)) {
          try (FileChannel channel = FileChannel.open(cut, StandardOpenOption.WRITE)) {
            channel.force(true);
          }
          LogEvent.of("lease-store-damaged")
              .with("file", path)
              .with("copy", Files.copy(path, aside(path)))
              .with("kept", "all but the last writes")
              .with("cause", damage.getMessage())
              .with("advice", "guests without a lease get one when they ask again")
              .log(LOG, Level.WARNING);
          Files.move(cut, path, StandardCopyOption.ATOMIC_MOVE);
          syncDirectory(path);
          return true;
        }
      }
      Files.deleteIfExists(cut);
    } catch (IOException e) {
      damage.addSuppressed(e);
    }
    return false;
  }

  private static boolean canBeRead(Path path) {
    MVStore store = null;
    try {
      store = openStore(path);
      new LeaseFile(path, store).read();
      return true;
    } catch (RuntimeException | IOException | StackOverflowError e) {
      LogEvent.of("lease-store-unreadable").with("file", path).log(LOG, Level.DEBUG, e);
      return false;
    } finally {
      if (store != null) {
        store.closeImmediately();
      }
    }
  }

  /** Overwrites the header of the chunk with the highest version; false if there is none. */
  private static boolean removeNewestChunk(byte[] file) {
    int newest = -1;
    long highest = -1;
    for (int at = 0; at + BLOCK <= file.length; at += BLOCK) {
      Matcher header = CHUNK.matcher(new String(file, at, HEADER, StandardCharsets.ISO_8859_1));
      if (header.lookingAt()) {
        long version = DataUtils.parseHexLong(header.group(1));
        if (version > highest) {
          highest = version;
          newest = at;
        }
      }
    }
    if (newest >= 0) {
      Arrays.fill(file, newest, newest + BLOCK, (byte) 0);
    }
    return newest >= 0;
  }

  /**
   * The same.
   *
   * @param looks whether it is said that the file lacks its end
   */
  private static LeaseFile open(Path path, boolean looks) {
    boolean fresh = !Files.exists(path);
    MVStore opened = null;
    try {
      opened = openStore(path);
      LeaseFile file = new LeaseFile(path, opened);
      if (looks && lacksItsEnd(opened)) {
        LogEvent.of("lease-store-damaged")
            .with("file", path)
            .with("copy", Files.copy(path, aside(path)))
            .with("kept", "all but the last writes")
            .with("advice", "guests without a lease get one when they ask again")
            .log(LOG, Level.WARNING);
      }
      file.read();
      if (fresh) {
        opened.commit();
        opened.sync();
        syncDirectory(path);
      }
      return file;
    } catch (RuntimeException | IOException | StackOverflowError e) {
      // MVStore throws several, and follows pages in a circle where these are damaged.
      if (opened != null) {
        opened.closeImmediately();
      }
      throw new LeaseStoreException(explain(path, e), isDamage(path, e), e);
    }
  }

  /**
   * Opens a file as {@link #open}, or a new one where it is damaged beyond reading: networks
   * without the memory of their leases are better than none, since addresses are probed before they
   * are given away. The damaged file is kept, and the log says where.
   *
   * @throws LeaseStoreException if it cannot be used for another reason
   */
  static LeaseFile openOrSetAside(Path path) {
    try {
      return open(path);
    } catch (LeaseStoreException e) {
      if (!e.isDamage()) {
        throw e;
      }
      try {
        LogEvent.of("lease-store-damaged")
            .with("file", path)
            .with("copy", Files.move(path, aside(path)))
            .with("kept", "nothing")
            .with("cause", e)
            .with(
                "advice",
                "guests get leases when they ask again; or put a good copy in its place and"
                    + " restart")
            .log(LOG, Level.WARNING);
      } catch (IOException cannotMove) {
        e.addSuppressed(cannotMove);
        throw e;
      }
      return open(path);
    }
  }

  /**
   * Opens a file again after a failure. Nothing is read.
   *
   * @throws MVStoreException if it still cannot be used
   */
  static LeaseFile reopen(Path path) {
    return new LeaseFile(path, openStore(path));
  }

  /**
   * Begins a new file in place of one whose commit has failed. After a failed sync, that one can be
   * read, but need not be on the disk: the kernel takes pages that it could not write for written,
   * and no later sync writes them. It stays until the new one is on the disk.
   *
   * @param leases what is in it, by network and address
   * @throws MVStoreException if it cannot be written
   * @throws UncheckedIOException if it cannot be put in place of the other
   */
  static LeaseFile replace(
      Path path, Map<String, Map<Address, Lease>> leases, LeaseClock.Reference reference) {
    Path fresh = fresh(path);
    try {
      Files.deleteIfExists(fresh);
      LeaseFile file = new LeaseFile(path, openStore(fresh));
      try {
        leases.forEach((network, all) -> all.values().forEach(lease -> file.put(network, lease)));
        file.commit(reference);
        Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
        syncDirectory(path);
        Files.deleteIfExists(doubt(path));
        return file;
      } catch (RuntimeException | IOException e) {
        file.abandon(e);
        Files.deleteIfExists(fresh); // the disk may be full
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("beginning a new lease store " + path, e);
    }
  }

  private static MVStore openStore(Path path) {
    MVStore store =
        new MVStore.Builder()
            .fileName(path.toString())
            .autoCommitDisabled()
            .autoCommitBufferSize(0)
            .cacheSize(1)
            .open();
    store.setRetentionTime(RETENTION_MILLIS);
    store.setVersionsToKeep(0);
    return store;
  }

  /**
   * Whether the store holds less than its header promises. A store whose end is missing opens with
   * an older version of its contents, and MVStore does not mention it.
   */
  private static boolean lacksItsEnd(MVStore store) {
    return store.getStoreHeader().get("version") instanceof String promised
        && store.getCurrentVersion() < DataUtils.parseHexLong(promised);
  }

  /**
   * Notes for the next process that a sync of the file has failed: it finds what was written in the
   * page cache, and would build upon what is not on the disk. The note needs no sync, since a power
   * failure takes the page cache too.
   */
  static void noteDoubt(Path path) {
    try {
      Files.writeString(doubt(path), "a sync of the lease store has failed\n");
    } catch (IOException e) {
      LogEvent.of("lease-store-doubt-not-noted").with("file", path).log(LOG, Level.DEBUG, e);
    }
  }

  /** Whether a former process has noted doubt, and nobody has replaced the file since. */
  static boolean hasDoubt(Path path) {
    return Files.exists(doubt(path));
  }

  private static Path doubt(Path path) {
    return path.resolveSibling(path.getFileName() + ".doubtful");
  }

  private static Path fresh(Path path) {
    return path.resolveSibling(path.getFileName() + ".new");
  }

  private static Path aside(Path path) {
    for (int n = 1; ; n++) {
      Path aside = path.resolveSibling(path.getFileName() + ".damaged-" + n);
      if (!Files.exists(aside)) {
        return aside;
      }
    }
  }

  /** The file's name must survive a power failure too, or its contents are lost with it. */
  private static void syncDirectory(Path path) throws IOException {
    Path directory = path.toAbsolutePath().getParent();
    if (directory != null) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  /** Whether the file's contents are at fault, and not the way to them. */
  private static boolean isDamage(Path path, Throwable e) {
    return switch (e) {
      case FileSystemException unreachable -> false; // permission denied and the like
      case MVStoreException store ->
          switch (store.getErrorCode()) {
            case DataUtils.ERROR_FILE_CORRUPT,
                DataUtils.ERROR_CHUNK_NOT_FOUND,
                DataUtils.ERROR_SERIALIZATION,
                DataUtils.ERROR_INTERNAL ->
                true;
            // MVStore reads beyond the end of a file that a crash or a full disk has left short.
            case DataUtils.ERROR_READING_FAILED -> isReadable(path);
            default -> false;
          };
      default -> true;
    };
  }

  /** Whether all bytes of a file can be read. */
  private static boolean isReadable(Path path) {
    if (!Files.isRegularFile(path)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(path)) {
      in.transferTo(OutputStream.nullOutputStream());
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static String explain(Path path, Throwable e) {
    if (e instanceof MVStoreException locked
        && locked.getErrorCode() == DataUtils.ERROR_FILE_LOCKED) {
      return "the lease store "
          + path
          + " is in use by another process: stop the other daemon, or give this one a state"
          + " directory of its own";
    }
    return "the lease store "
        + path
        + " cannot be read: "
        + e.getMessage()
        + "; move it aside (mv "
        + path
        + " "
        + path
        + ".damaged) to start without leases, or put a good copy in its place";
  }

  private void read() throws IOException {
    leases = new LinkedHashMap<>();
    for (String name : store.getMapNames()) {
      if (name.startsWith(LEASES)) {
        List<Lease> network = of(name.substring(LEASES.length()));
        for (Map.Entry<Integer, byte[]> entry : map(name).entrySet()) {
          network.add(LeaseRecord.decode(Address.ofIpv4(entry.getKey()), entry.getValue()));
        }
      } else if (name.startsWith(LEASES6)) {
        List<Lease> network = of(name.substring(LEASES6.length()));
        for (Map.Entry<String, byte[]> entry : map6(name).entrySet()) {
          network.add(LeaseRecord.decode(address(entry.getKey()), entry.getValue()));
        }
      }
    }
    byte[] stored = store.hasMap(CLOCK) ? map(CLOCK).get(REFERENCE) : null;
    if (stored != null) {
      try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(stored))) {
        reference =
            new LeaseClock.Reference(in.readUTF(), in.readLong(), in.readLong(), in.readLong());
      }
    }
  }

  private List<Lease> of(String network) {
    return leases.computeIfAbsent(network, _ -> new ArrayList<>());
  }

  private static Address address(String key) throws IOException {
    try {
      return Address.parse(key);
    } catch (IllegalArgumentException e) {
      throw new IOException("the key of a lease is no address: " + key, e);
    }
  }

  /** The leases by network that the file had when it was opened, given away. */
  Map<String, List<Lease>> takeLeases() {
    Map<String, List<Lease>> taken = leases;
    leases = Map.of();
    return taken;
  }

  /** Where the lease clock stood when the file was opened; null if the file never had a clock. */
  LeaseClock.@Nullable Reference reference() {
    return reference;
  }

  private static byte[] encode(LeaseClock.Reference reference) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeUTF(reference.boot());
      out.writeLong(reference.uptimeMillis());
      out.writeLong(reference.wallMillis());
      out.writeLong(reference.leaseMillis());
    } catch (IOException e) {
      throw new UncheckedIOException("encoding a time in memory", e);
    }
    return bytes.toByteArray();
  }

  /** Puts a lease in place of the one that its address had, with the next commit. */
  void put(String network, Lease lease) {
    Address address = lease.address();
    byte[] record = LeaseRecord.encode(lease);
    if (address.isIpv4()) {
      map(LEASES + network).put(address.ipv4(), record);
    } else {
      map6(LEASES6 + network).put(address.toString(), record);
    }
  }

  /** Removes the lease of an address, with the next commit. */
  void remove(String network, Address address) {
    if (address.isIpv4()) {
      map(LEASES + network).remove(address.ipv4());
    } else {
      map6(LEASES6 + network).remove(address.toString());
    }
  }

  /** Writes what was put, and waits for the disk. */
  void commit(LeaseClock.Reference reference) {
    map(CLOCK).put(REFERENCE, encode(reference));
    syncs = true; // the commit does so too, before it makes the file shorter
    try {
      store.commit();
    } catch (MVStoreException e) {
      syncs = !isOfWrite(e);
      throw e;
    }
    store.sync();
    syncs = false;
  }

  /** Whether a write has failed. The store has one code for writes, syncs and truncations. */
  private static boolean isOfWrite(MVStoreException e) {
    return e.getErrorCode() == DataUtils.ERROR_WRITING_FAILED
        && String.valueOf(e.getMessage()).startsWith("Writing to ");
  }

  /** Whether a sync may have failed, so that the file is to be replaced. */
  boolean isDoubtful() {
    return syncs;
  }

  private MVMap<Integer, byte[]> map(String name) {
    return maps.computeIfAbsent(
        name,
        key ->
            store.openMap(
                key,
                new MVMap.Builder<Integer, byte[]>()
                    .keyType(IntegerDataType.INSTANCE)
                    .valueType(ByteArrayDataType.INSTANCE)));
  }

  private MVMap<String, byte[]> map6(String name) {
    return maps6.computeIfAbsent(
        name,
        key ->
            store.openMap(
                key,
                new MVMap.Builder<String, byte[]>()
                    .keyType(StringDataType.INSTANCE)
                    .valueType(ByteArrayDataType.INSTANCE)));
  }

  /** Closes the file after a failure, without writing to it. */
  void abandon(Throwable cause) {
    try {
      store.closeImmediately();
    } catch (MVStoreException | IllegalStateException e) {
      cause.addSuppressed(e);
    }
  }

  /** Closes the file. */
  void close() {
    try {
      // Without compaction: MVStore's own assertions fail in it on a file that has survived a kill.
      store.close();
    } catch (MVStoreException e) {
      noteDoubt(path);
      LogEvent.of("lease-store-close-failed").with("file", path).log(LOG, Level.WARNING, e);
    }
  }
}
