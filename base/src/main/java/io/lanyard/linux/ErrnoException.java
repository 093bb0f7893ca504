package io.lanyard.linux;

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
   * Makes an exception with advice.
   *
   * @param call the call and what it was done to, as {@code TUNSETIFF t0}
   * @param number the error number
   * @param advice what to do about it
   */
  public ErrnoException(String call, int number, String advice) {
    super(call + " failed with " + Errno.name(number) + ": " + advice);
    this.number = number;
  }

  /**
   * Passes a good result on and throws for a bad one.
   *
   * @param result what a method of {@link Libc} answered
   * @param call the call and what it was done to
   * @param privilege what to do about a missing privilege (EPERM)
   * @param advice what to do about an error that has no advice of its own
   * @return the result, at least 0
   * @throws ErrnoException if it is negative
   */
  static int check(int result, String call, String privilege, String advice) throws ErrnoException {
    if (result >= 0) {
      return result;
    }
    int number = -result;
    throw new ErrnoException(
        call,
        number,
        switch (number) {
          case Errno.EPERM -> privilege;
          case Errno.EACCES -> "this user may not open the file; check its owner and mode";
          case Errno.EMFILE ->
              "the process has too many open files; raise the limit (LimitNOFILE= of the service,"
                  + " ulimit -n)";
          case Errno.ENFILE -> "the host has too many open files; raise its limit (fs.file-max)";
          case Errno.ENOMEM -> "the kernel has no memory for it; free some, or add some";
          case Errno.EBUSY -> "it is in use by another process; end that, or choose another name";
          default -> advice;
        });
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
