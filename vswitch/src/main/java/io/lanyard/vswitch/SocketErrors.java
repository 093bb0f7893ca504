package io.lanyard.vswitch;

import io.lanyard.linux.ErrnoException;
import io.netty.channel.unix.Errors;
import org.jspecify.annotations.Nullable;

/** Error numbers of failed system calls, made by this project's own code or by Netty. */
public final class SocketErrors {
  private SocketErrors() {}

  /**
   * Finds the error number in an exception or its causes.
   *
   * @param failure what was thrown
   * @return a number of {@link io.lanyard.linux.Errno}; 0 if there is none
   */
  public static int number(Throwable failure) {
    for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ErrnoException e) {
        return e.number();
      }
      if (cause instanceof Errors.NativeIoException e) {
        return -e.expectedErr();
      }
    }
    return 0;
  }
}
