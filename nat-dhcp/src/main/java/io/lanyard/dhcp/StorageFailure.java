package io.lanyard.dhcp;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Why a file could not be written, in words, and what to do about it. */
final class StorageFailure {
  /** One commit of MVStore writes a few blocks of 4 KiB. */
  private static final long LEAST_SPACE = 64 << 10;

  private StorageFailure() {}

  static String explain(Path file, Throwable cause) {
    String message = message(cause);
    // The C library's text is in the language of the daemon's locale, so the device is asked too.
    if (message.contains("No space left on device") || isFull(file)) {
      return "no space is left on the device that holds " + file + "; free some";
    }
    if (message.contains("quota exceeded")) {
      return "the disk quota is used up on the device that holds " + file + "; free some space";
    }
    if (message.contains("Read-only file system")) {
      return "the file system that holds " + file + " is read-only; mount it writable";
    }
    return file + " cannot be written (" + message + "); repair the disk or its permissions";
  }

  /** The system's message: the innermost I/O error, or else the innermost exception. */
  private static String message(Throwable cause) {
    Throwable said = cause;
    for (Throwable each = cause; each != null; each = next(each)) {
      if (each instanceof IOException || !(said instanceof IOException)) {
        said = each;
      }
    }
    String message = said.getMessage();
    return message == null ? said.toString() : message;
  }

  private static @Nullable Throwable next(Throwable cause) {
    return cause.getCause();
  }

  private static boolean isFull(Path file) {
    Path directory = file.toAbsolutePath().getParent();
    try {
      return directory != null && Files.getFileStore(directory).getUsableSpace() < LEAST_SPACE;
    } catch (IOException e) {
      return false;
    }
  }
}
