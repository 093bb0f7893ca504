package io.lanyard.base;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.concurrent.TimeoutException;

/** An exception in a few words for a person, where the JDK's message is only a name, or none. */
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
      case NotDirectoryException e -> e.getFile() + " is not a directory";
      case DirectoryNotEmptyException e -> e.getFile() + " is not empty";
      case FileSystemLoopException e -> e.getFile() + " leads to itself";
      case FileSystemException e when e.getReason() != null -> String.valueOf(e.getReason());
      case UserPrincipalNotFoundException e -> "there is no such user or group";
      case UnknownHostException e -> "there is no host " + e.getMessage();
      case CharacterCodingException e -> "it is not UTF-8 text";
      default -> cause.getMessage() == null ? silent(cause) : String.valueOf(cause.getMessage());
    };
  }

  /** An exception that has no message: those that mean one thing by their type say it. */
  private static String silent(Throwable cause) {
    return switch (cause) {
      case FileNotFoundException e -> "there is no such file";
      case EOFException e -> "it ended too early";
      case ClosedChannelException e -> "it is closed";
      case TimeoutException e -> "it took too long";
      case InterruptedException e -> "it was interrupted";
      default -> cause.toString();
    };
  }
}
