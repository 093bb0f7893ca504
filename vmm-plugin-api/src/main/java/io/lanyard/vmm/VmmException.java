package io.lanyard.vmm;

import java.io.Serial;

/** A VMM could not do what it was asked to; the message says what, with what, and what to do. */
public class VmmException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  /**
   * Makes an exception without a cause.
   *
   * @param message what was being done, with what, and what to do about it
   */
  public VmmException(String message) {
    super(message);
  }

  /**
   * Makes an exception with a cause.
   *
   * @param message what was being done, with what, and what to do about it
   * @param cause what went wrong underneath
   */
  public VmmException(String message, Throwable cause) {
    super(message, cause);
  }
}
