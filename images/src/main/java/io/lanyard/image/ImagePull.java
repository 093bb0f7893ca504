package io.lanyard.image;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Brings an image into the store.
 *
 * <p>Every step can be repeated: an interrupted pull keeps what apt has fetched and goes on from
 * there; an image that is there already costs nothing.
 */
public final class ImagePull {
  /**
   * The packages, what is unpacked from them, the slim RAM disk and apt's index, with some room.
   */
  private static final long SPACE_NEEDED = 400L << 20;

  private final ImageStore store;
  private final PullProgress progress;
  private final String aptCommand;

  /**
   * Prepares to pull.
   *
   * @param store where images go
   * @param progress hears how it goes on
   */
  public ImagePull(ImageStore store, PullProgress progress) {
    this(store, progress, "apt-get");
  }

  ImagePull(ImageStore store, PullProgress progress, String aptCommand) {
    this.store = store;
    this.progress = progress;
    this.aptCommand = aptCommand;
  }

  /**
   * A pull's outcome.
   *
   * @param image the image
   * @param fresh false if it was there already
   */
  public record Pulled(ImageStore.Image image, boolean fresh) {}

  /**
   * Pulls an image, unless it is there.
   *
   * @param name an image of the {@link Catalog}
   * @return the image
   * @throws ImageException if it cannot be had
   * @throws InterruptedException if the thread is interrupted
   */
  public Pulled pull(String name) throws ImageException, InterruptedException {
    Catalog.Entry entry = Catalog.find(name);
    Optional<ImageStore.Image> there = store.find(name);
    if (there.isPresent() && isPresent(entry, there.get())) {
      return new Pulled(there.get(), false);
    }
    Path directory = store.directory();
    try {
      Files.createDirectories(directory);
      try (FileChannel channel =
              FileChannel.open(
                  directory.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = lock(channel)) {
        // Another pull may have finished since this one looked.
        Optional<ImageStore.Image> old = store.find(name);
        if (old.isPresent() && isPresent(entry, old.get())) {
          return new Pulled(old.get(), false);
        }
        boolean isKept = old.isPresent() && entry.drivers() == null;
        ImageStore.Image image = isKept ? remake(old.get()) : fetch(entry);
        return new Pulled(image, lock.isValid());
      }
    } catch (FileAlreadyExistsException e) {
      throw new ImageException(
          "cannot store the image in " + directory + ": it is not a directory",
          "use another with --images",
          e);
    } catch (AccessDeniedException e) {
      throw new ImageException(
          "may not write to the image store " + directory,
          "use another with --images, or run as a user who may",
          e);
    } catch (IOException e) {
      throw diskFailure(e);
    }
  }

  /** Whether all of it is as this version makes it: an older one made another slim RAM disk. */
  private static boolean isPresent(Catalog.Entry entry, ImageStore.Image image) {
    String role = entry.drivers() == null ? "slim" : "initrd";
    return image.file(role).filter(slim -> slim.endsWith(SlimInitrd.FILE)).isPresent();
  }

  /** Makes the slim RAM disk anew from what is there. */
  private ImageStore.Image remake(ImageStore.Image image) throws IOException, ImageException {
    progress.step("Making the slim initrd", -1);
    Path initrd = image.file("initrd").orElseThrow(() -> new IOException("it has no initrd"));
    Path slim = image.directory().resolve(SlimInitrd.FILE);
    Path unfinished = image.directory().resolve("." + SlimInitrd.FILE + ".new");
    SlimInitrd.make(initrd, List.of(), List.of(), unfinished);
    Files.move(unfinished, slim, StandardCopyOption.ATOMIC_MOVE);
    Optional<Path> before = image.file("slim");
    Map<String, ImageManifest.StoredFile> files = new HashMap<>(image.manifest().files());
    files.put("slim", ImageStore.describe(slim));
    store.rewrite(image.manifest().withFiles(files));
    if (before.isPresent()) {
      Files.deleteIfExists(before.get());
    }
    return stored(image.manifest().name());
  }

  private ImageStore.Image stored(String name) throws IOException {
    return store
        .find(name)
        .orElseThrow(() -> new IOException("the image was stored and is not there"));
  }

  private FileLock lock(FileChannel channel) throws IOException, ImageException {
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return lock;
      }
    } catch (OverlappingFileLockException e) {
      // The same process pulls on another thread: the same answer.
    }
    throw new ImageException(
        "another pull into " + store.directory() + " is running", "wait until it is done");
  }

  private ImageException diskFailure(IOException e) {
    String reason =
        e instanceof FileSystemException fs && fs.getReason() != null
            ? fs.getReason()
            : String.valueOf(e.getMessage());
    if (reason.contains("No space left") || reason.contains("quota")) {
      return new ImageException(
          "the disk is full: " + store.directory(), "make room, then run the command again", e);
    }
    return new ImageException(
        "cannot store the image in " + store.directory() + ": " + e.getMessage(),
        "run the command again; if it fails again, remove " + store.directory().resolve(".apt"),
        e);
  }

  private ImageStore.Image fetch(Catalog.Entry entry)
      throws ImageException, IOException, InterruptedException {
    long room = Files.getFileStore(store.directory()).getUsableSpace();
    if (room < SPACE_NEEDED) {
      throw new ImageException(
          "the disk of "
              + store.directory()
              + " has "
              + (room >> 20)
              + " MB left, and a pull needs "
              + (SPACE_NEEDED >> 20),
          "make room, or use another directory with --images");
    }
    Path aptHome = store.directory().resolve(".apt");
    Files.createDirectories(aptHome);
    Apt apt = new Apt(aptHome, aptCommand, mayChangeUser());
    progress.step("Asking Debian's mirror", -1);
    apt.update(entry.suite(), entry.drivers() != null);
    Apt.Offer offer = apt.offer(entry.debianPackage());
    progress.step("Downloading " + offer.fileName(), offer.size());
    Path deb = apt.download(entry.debianPackage(), offer, progress);
    Path work = store.directory().resolve("." + entry.name() + ".new");
    ImageStore.deleteTree(work);
    Files.createDirectory(work);
    progress.step("Unpacking", offer.size());
    Path kernel = work.resolve("linux");
    Path initrd = work.resolve("initrd.gz");
    new DebianPackage(deb)
        .extract(Map.of(entry.kernel(), kernel, entry.initrd(), initrd), progress::at);
    Path slim = work.resolve(SlimInitrd.FILE);
    Map<String, ImageManifest.StoredFile> files = new HashMap<>();
    Catalog.Drivers drivers = entry.drivers();
    if (drivers == null) {
      progress.step("Making the slim initrd", -1);
      SlimInitrd.make(initrd, List.of(), List.of(), slim);
      files.put("initrd", ImageStore.describe(initrd));
      files.put("slim", ImageStore.describe(slim));
    } else {
      List<Path> more = drivers(apt, drivers, SlimInitrd.release(initrd), work);
      progress.step("Making the slim initrd", -1);
      SlimInitrd.make(initrd, more, drivers.modules(), slim);
      for (Path driver : more) {
        Files.delete(driver);
      }
      Files.delete(initrd);
      files.put("initrd", ImageStore.describe(slim));
    }
    files.put("kernel", ImageStore.describe(kernel));
    String source =
        entry.debianPackage() + " " + version(offer.fileName()) + " (" + entry.suite() + ")";
    store.publish(
        work,
        new ImageManifest(
            entry.name(),
            entry.description(),
            source,
            ImageStore.sha256(deb),
            entry.commandLine(),
            files));
    ImageStore.deleteTree(aptHome);
    return stored(entry.name());
  }

  /** Takes drivers out of the kernel's package; they are the installer's kernel's own. */
  private List<Path> drivers(Apt apt, Catalog.Drivers drivers, String release, Path work)
      throws ImageException, IOException, InterruptedException {
    String debianPackage = drivers.debianPackage().formatted(release);
    Apt.Offer offer = apt.offer(debianPackage);
    progress.step("Downloading " + offer.fileName(), offer.size());
    Path deb = apt.download(debianPackage, offer, progress);
    progress.step("Unpacking", offer.size());
    Map<String, Path> wanted = new HashMap<>();
    for (String path : drivers.paths()) {
      wanted.put(path.formatted(release), work.resolve(path.substring(path.lastIndexOf('/') + 1)));
    }
    new DebianPackage(deb).extract(wanted, progress::at);
    Files.delete(deb);
    return List.copyOf(wanted.values());
  }

  /** {@code name_version_architecture.deb}; a colon in the version is written {@code %3a}. */
  private static String version(String fileName) {
    String[] parts = fileName.split("_", -1);
    return parts.length < 2 ? "" : parts[1].replace("%3a", ":");
  }

  /** Whether apt may become its sandbox's user: root, with CAP_SETGID (6) and CAP_SETUID (7). */
  private static boolean mayChangeUser() throws IOException {
    if ((int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") != 0) {
      return false;
    }
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("CapEff:")) {
        return (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 0xc0) == 0xc0;
      }
    }
    return false;
  }
}
