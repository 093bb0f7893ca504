package io.lanyard.daemon.history;

import io.lanyard.base.LogEvent;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The configurations that have run.
 *
 * <p>Thread: one at a time.
 */
public final class History {
  /** How many are kept, the newest ones. */
  public static final int KEPT = 100;

  private static final System.Logger LOG = System.getLogger(History.class.getName());
  private static final String SUFFIX = ".json";
  private static final int DIGITS = 9;

  private final Path directory;

  private History(Path directory) {
    this.directory = directory;
  }

  /**
   * Opens a history.
   *
   * @param directory where it is kept; made with the first revision
   * @return the history
   */
  public static History in(Path directory) {
    return new History(directory);
  }

  /**
   * The newest revision. One that waits for a confirmation, which nobody can give any more, is
   * taken back: the one before it runs again, as a revision of its own.
   *
   * @param now the time of that revision
   * @return null if there is none
   * @throws IOException if the directory cannot be read, or the revision not be kept
   */
  public @Nullable Revision recover(Instant now) throws IOException {
    Revision unconfirmed = null;
    for (Path file : files().descendingMap().values()) {
      Revision revision = read(file);
      if (revision == null) {
        continue;
      }
      if (!revision.unconfirmed()) {
        return unconfirmed == null ? revision : takeBack(unconfirmed, revision, now);
      }
      if (unconfirmed == null) {
        unconfirmed = revision;
      }
    }
    return null;
  }

  private Revision takeBack(Revision unconfirmed, Revision former, Instant now) throws IOException {
    LogEvent.of("revision-taken-back")
        .with("revision", unconfirmed.number())
        .with("who", unconfirmed.who())
        .with("cause", "it was not confirmed before the daemon ended")
        .log(LOG, Level.WARNING);
    String why =
        "taken back: " + unconfirmed.number() + " was not confirmed before the daemon ended";
    Revision again = former.again(highest() + 1, now, "lanyard", why);
    add(again);
    return again;
  }

  /**
   * The highest number that a file has, whether it can be read or not.
   *
   * @return 0 if there is none
   * @throws IOException if the directory cannot be read
   */
  public long highest() throws IOException {
    NavigableMap<Long, Path> files = files();
    return files.isEmpty() ? 0 : files.lastKey();
  }

  /**
   * Keeps a revision. When this returns, it outlives a crash.
   *
   * @param revision its number is above all others
   * @throws IOException if it could not be written; the history is as it was
   */
  public void add(Revision revision) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    write(revision);
    prune();
  }

  /**
   * Keeps a revision in the place of the one with its number.
   *
   * @param revision one that was added, with another text
   * @throws IOException if it could not be written; the history is as it was
   */
  public void replace(Revision revision) throws IOException {
    write(revision);
  }

  /**
   * Notes that a revision was confirmed.
   *
   * @param revision one that was added
   * @throws IOException if it could not be written
   */
  public void confirm(Revision revision) throws IOException {
    write(revision.confirmed());
  }

  /**
   * Finds a revision.
   *
   * @param number its number
   * @return null if it is not there, or no longer, or cannot be read
   */
  public @Nullable Revision find(long number) {
    return read(file(number));
  }

  /**
   * The revisions that are there, the newest first.
   *
   * @return those that can be read
   * @throws IOException if the directory cannot be read
   */
  public List<Revision> list() throws IOException {
    List<Revision> all = new ArrayList<>();
    for (Path file : files().descendingMap().values()) {
      Revision revision = read(file);
      if (revision != null) {
        all.add(revision);
      }
    }
    return all;
  }

  private Path file(long number) {
    return directory.resolve(String.format("%0" + DIGITS + "d", number) + SUFFIX);
  }

  /** The files of revisions by number. */
  private NavigableMap<Long, Path> files() throws IOException {
    TreeMap<Long, Path> files = new TreeMap<>();
    if (!Files.isDirectory(directory)) {
      return files;
    }
    try (Stream<Path> all = Files.list(directory)) {
      all.forEach(file -> {
        String name = file.getFileName().toString();
        if (name.matches("[0-9]{" + DIGITS + ",18}\\.json")) {
          files.put(Long.parseLong(name.substring(0, name.length() - SUFFIX.length())), file);
        }
      });
    }
    return files;
  }

  private static @Nullable Revision read(Path file) {
    try {
      return RevisionFormat.read(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      LogEvent.of("revision-unreadable")
          .with("file", file)
          .with("cause", e)
          .with("advice", "the one before it is used; remove the file")
          .log(LOG, Level.WARNING);
      return null;
    }
  }

  private void write(Revision revision) throws IOException {
    Path file = file(revision.number());
    Path draft = directory.resolve(file.getFileName() + ".new");
    try {
      try (FileChannel out =
          FileChannel.open(
              draft,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(RevisionFormat.write(revision));
        while (bytes.hasRemaining()) {
          out.write(bytes);
        }
        out.force(true);
      }
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
      force(directory);
    } catch (IOException e) {
      Files.deleteIfExists(draft);
      throw e;
    }
  }

  /** Forces the directory's entries to the disk. */
  private static void force(Path directory) throws IOException {
    try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
      entries.force(true);
    }
  }

  private void prune() throws IOException {
    NavigableMap<Long, Path> files = files();
    while (files.size() > KEPT) {
      Files.deleteIfExists(files.pollFirstEntry().getValue());
    }
  }
}
