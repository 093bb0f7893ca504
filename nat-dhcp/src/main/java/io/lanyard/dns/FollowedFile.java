package io.lanyard.dns;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A file of the host that is read again when it has changed. A file that cannot be read is not an
 * empty one: what was known stays, and the next look tries again.
 *
 * <p>Thread: {@link #look} on any, since it blocks; everything else on the network's loop.
 *
 * @param <T> what the file says
 */
final class FollowedFile<T> {
  /** More than any such file has that is not a blocklist. */
  private static final int MAX_BYTES = 4 << 20;

  private static final Version ABSENT = new Version("", 0, 0);

  private final Path path;
  private final Function<List<String>, T> parser;
  private @Nullable Version version;
  private T content;
  private @Nullable IOException failure;

  /** The marks that distinguish one version of the file from another. */
  private record Version(Object key, long modified, long size) {}

  /**
   * The result of a look.
   *
   * @param content null if the file is the same, or cannot be read
   * @param failure why it cannot be read
   */
  record Look<T>(@Nullable Object version, @Nullable T content, @Nullable IOException failure) {}

  /**
   * Makes one that has not been looked at.
   *
   * @param parser reads the lines, none of an absent file; runs on the thread that looks
   * @param content what is known until the file has been read
   */
  FollowedFile(Path path, Function<List<String>, T> parser, T content) {
    this.path = path;
    this.parser = parser;
    this.content = content;
  }

  Path path() {
    return path;
  }

  /** The file's content when it could be read last. */
  T content() {
    return content;
  }

  /** Why the last look could not read the file; null if it could. */
  @Nullable IOException failure() {
    return failure;
  }

  /** The version that {@link #look} compares with. */
  @Nullable Object version() {
    return version;
  }

  /** Reads the file unless it is the version that is known. Blocks. */
  Look<T> look(@Nullable Object known) {
    try {
      Version now = versionNow();
      return now.equals(known)
          ? new Look<>(now, null, null)
          : new Look<>(now, parser.apply(now.equals(ABSENT) ? List.of() : lines()), null);
    } catch (IOException e) {
      return new Look<>(null, null, e);
    }
  }

  private Version versionNow() throws IOException {
    try {
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      return new Version(
          String.valueOf(attributes.fileKey()),
          attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS),
          attributes.size());
    } catch (NoSuchFileException e) {
      return ABSENT;
    }
  }

  private List<String> lines() throws IOException {
    try (InputStream in = Files.newInputStream(path)) {
      return new String(in.readNBytes(MAX_BYTES), StandardCharsets.ISO_8859_1).lines().toList();
    } catch (NoSuchFileException e) {
      return List.of(); // It went since its version was read: the next look sees that too.
    }
  }

  /**
   * Takes over what a look found.
   *
   * @return whether the file says something else than before
   */
  boolean seen(Look<T> look) {
    failure = look.failure();
    if (failure != null) {
      return false; // The version stays too, so the next look reads.
    }
    version = (Version) look.version();
    T now = look.content();
    if (now == null || now.equals(content)) {
      return false;
    }
    content = now;
    return true;
  }
}
