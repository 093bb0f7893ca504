package io.lanyard.cli;

import io.lanyard.base.Causes;
import io.lanyard.control.client.ConfigText;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A configuration file that is sent to the daemon, or the daemon's own one, which is not. */
final class FileText {
  /** The daemon takes 4 MiB; one byte more has it say so. */
  private static final int MOST_BYTES = (4 << 20) + 1;

  /** The name of standard input, as other programs have it. */
  static final String STANDARD_INPUT = "-";

  /** For messages, and for relative paths in the file; null for the daemon's own one. */
  private final @Nullable Path source;

  private final byte[] body;

  private FileText(@Nullable Path source, byte[] body) {
    this.source = source;
    this.body = body;
  }

  static FileText of(@Nullable String file) {
    if (file == null) {
      return new FileText(null, new byte[0]);
    }
    if (file.equals(STANDARD_INPUT)) {
      byte[] body = standardInput();
      if (body.length == 0) {
        throw new Failure("standard input is empty", "expected \"version: 1\" and networks");
      }
      return new FileText(Path.of(STANDARD_INPUT).toAbsolutePath(), body);
    }
    Path path = Path.of(file).toAbsolutePath().normalize();
    try (InputStream in = Files.newInputStream(path)) {
      byte[] body = in.readNBytes(MOST_BYTES);
      if (body.length == 0) {
        // An empty body would mean the daemon's own file.
        throw new Failure(file + " is empty", "expected \"version: 1\" and networks");
      }
      return new FileText(path, body);
    } catch (IOException e) {
      String why = Files.isDirectory(path) ? "it is a directory" : Causes.of(e);
      throw new Failure("cannot read " + file + ": " + why);
    }
  }

  /** All of standard input, or a byte more than a daemon takes. */
  private static byte[] standardInput() {
    try {
      return System.in.readNBytes(MOST_BYTES);
    } catch (IOException e) {
      throw new Failure("cannot read standard input: " + Causes.of(e));
    }
  }

  ConfigText text() {
    return new ConfigText(body, source == null ? "" : source.toString());
  }

  /**
   * Asks the daemon, and shows problems of the file as {@code lanyard check} does.
   *
   * @return the answer; null if the file has problems
   */
  static <T> @Nullable T said(Output output, Supplier<T> request) {
    try {
      return request.get();
    } catch (Failure e) {
      if (!e.isOfContent() || e.details().isEmpty() || output.json()) {
        throw e;
      }
      e.details().forEach(problem -> System.err.println(problem));
      return null;
    }
  }
}
