package io.lanyard.vswitch.linux;

import java.io.IOException;

/** A system call that failed, with its error number. */
public final class ErrnoException extends IOException {
  private static final long serialVersionUID = 1;

  /** The error number. */
  private final int number;

  /**
   * Makes an exception.
   *
   * @param action what was being done, as "open a socket"
   * @param number the error number
   */
  public ErrnoException(String action, int number) {
    super(action + ": " + name(number));
    this.number = number;
  }

  /**
   * The error number.
   *
   * @return a positive number, see {@link Errno}
   */
  public int number() {
    return number;
  }

  private static String name(int number) {
    return switch (number) {
      case Errno.EPERM -> "not permitted (EPERM)";
      case Errno.EACCES -> "permission denied (EACCES)";
      case Errno.ENFILE -> "too many open files in the system (ENFILE)";
      case Errno.EMFILE -> "too many open files (EMFILE)";
      case Errno.EADDRINUSE -> "address in use (EADDRINUSE)";
      case Errno.ENOBUFS -> "no buffer space (ENOBUFS)";
      case Errno.ENOMEM -> "out of memory (ENOMEM)";
      default -> "error " + number;
    };
  }
}
