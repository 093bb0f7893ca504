package io.lanyard.base;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** An exception in a few words for a person, where the JDK's message is only a path. */
public final class Causes {
  private Causes() {}

  /**
   * The cause of a failure, in a few words.
   *
   * @param cause an exception
   * @return a few words
   */
  public static String of(Throwable cause) {
    return switch (cause) {
      case AccessDeniedException e -> "permission denied";
      case NoSuchFileException e -> "there is no " + e.getFile();
      case FileAlreadyExistsException e -> e.getFile() + " is there already";
      case FileSystemException e when e.getReason() != null -> String.valueOf(e.getReason());
      default -> cause.getMessage() == null ? cause.toString() : String.valueOf(cause.getMessage());
    };
  }
}
