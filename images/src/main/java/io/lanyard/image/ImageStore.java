package io.lanyard.image;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The images on disk: a directory each, with a manifest.
 *
 * <p>A name that begins with a dot is work in progress and nobody's image.
 */
public final class ImageStore {
  static final String MANIFEST = "manifest.json";

  /** Made when a manifest is read or written: the daemon's start does neither. */
  private static final class Manifests {
    static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  }

  private final Path directory;

  /**
   * Opens a store; the directory need not exist.
   *
   * @param directory where the images are
   */
  public ImageStore(Path directory) {
    // apt runs in a directory of its own, where a relative path would lead elsewhere.
    this.directory = directory.toAbsolutePath();
  }

  /**
   * An image that is there.
   *
   * @param directory where its files are
   * @param manifest what it is
   */
  public record Image(Path directory, ImageManifest manifest) {
    /**
     * A file of the image.
     *
     * @param role {@code kernel}, {@code initrd} or {@code slim}
     * @return its path, if the image has one
     */
    public Optional<Path> file(String role) {
      return Optional.ofNullable(manifest.files().get(role))
          .map(file -> directory.resolve(file.name()));
    }
  }

  /**
   * Where the store is.
   *
   * @return its directory
   */
  public Path directory() {
    return directory;
  }

  /**
   * Finds an image.
   *
   * @param name its name
   * @return the image, or nothing if it is not there or not whole
   */
  public Optional<Image> find(String name) {
    if (!isName(name)) {
      return Optional.empty();
    }
    Path home = directory.resolve(name);
    try (InputStream in = Files.newInputStream(home.resolve(MANIFEST))) {
      ImageManifest manifest = Manifests.JSON.readValue(in, ImageManifest.class);
      Image image = new Image(home, manifest);
      boolean whole =
          manifest.files().values().stream()
              .allMatch(file -> size(home.resolve(file.name())) == file.size());
      return whole ? Optional.of(image) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * All images.
   *
   * @return by name
   * @throws IOException if the store cannot be read
   */
  public List<Image> list() throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    List<Image> images = new ArrayList<>();
    try (Stream<Path> names = Files.list(directory)) {
      names
          .map(path -> path.getFileName().toString())
          .sorted()
          .forEach(name -> find(name).ifPresent(images::add));
    }
    return images;
  }

  /**
   * Removes an image.
   *
   * @param name its name
   * @return false if there was none
   * @throws IOException if it cannot be removed
   */
  public boolean remove(String name) throws IOException {
    if (!isName(name) || !Files.isDirectory(directory.resolve(name))) {
      return false;
    }
    Path doomed = directory.resolve("." + name + ".removed");
    deleteTree(doomed);
    Files.move(directory.resolve(name), doomed, StandardCopyOption.ATOMIC_MOVE);
    deleteTree(doomed);
    return true;
  }

  /**
   * Makes a directory of finished files into an image, in one step; replaces an earlier one.
   *
   * @param work a directory on the same file system, whose name begins with a dot
   * @param manifest what it is
   * @throws IOException if the disk is full or the store not writable
   */
  void publish(Path work, ImageManifest manifest) throws IOException {
    Path unfinished = work.resolve(MANIFEST + ".new");
    Files.write(unfinished, Manifests.JSON.writeValueAsBytes(manifest));
    Files.move(unfinished, work.resolve(MANIFEST), StandardCopyOption.ATOMIC_MOVE);
    remove(manifest.name());
    Files.move(work, directory.resolve(manifest.name()), StandardCopyOption.ATOMIC_MOVE);
  }

  /** Replaces the manifest of an image that is there. */
  void rewrite(ImageManifest manifest) throws IOException {
    Path home = directory.resolve(manifest.name());
    Path unfinished = home.resolve("." + MANIFEST + ".new");
    Files.write(unfinished, Manifests.JSON.writeValueAsBytes(manifest));
    Files.move(unfinished, home.resolve(MANIFEST), StandardCopyOption.ATOMIC_MOVE);
  }

  static boolean isName(String name) {
    return name.matches("[a-z0-9][a-z0-9._-]{0,63}");
  }

  static ImageManifest.StoredFile describe(Path file) throws IOException {
    return new ImageManifest.StoredFile(
        file.getFileName().toString(), Files.size(file), sha256(file));
  }

  static String sha256(Path file) throws IOException {
    MessageDigest digest = sha256();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return -1;
    }
  }

  static void deleteTree(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(tree)) {
      walk.sorted(Comparator.reverseOrder())
          .forEach(path -> {
            try {
              Files.delete(path);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
