package io.lanyard.image;

import java.util.Map;

/**
 * An image's description and origin; {@code manifest.json} in its directory.
 *
 * @param name the image's name
 * @param description a few words
 * @param source where it came from: a package's name, version and suite
 * @param sourceSha256 the package's SHA-256
 * @param commandLine what the kernel is told unless the configuration says otherwise
 * @param files by role: {@code kernel}, {@code initrd}, {@code slim}
 */
public record ImageManifest(
    String name,
    String description,
    String source,
    String sourceSha256,
    String commandLine,
    Map<String, StoredFile> files) {
  /** Copies the map. */
  public ImageManifest {
    files = Map.copyOf(files);
  }

  /**
   * The same with other files.
   *
   * @param others the files by role
   * @return a copy
   */
  ImageManifest withFiles(Map<String, StoredFile> others) {
    return new ImageManifest(name, description, source, sourceSha256, commandLine, others);
  }

  /**
   * A file of the image.
   *
   * @param name its name in the image's directory
   * @param size bytes
   * @param sha256 its SHA-256 in hexadecimal
   */
  public record StoredFile(String name, long size, String sha256) {}
}
