package io.lanyard.daemon;

import java.io.Serial;

/** The daemon cannot start; the message says why, the hint what to do. */
public final class StartException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private final String hint;

  /**
   * Makes one.
   *
   * @param message what failed, and on what
   * @param hint what to do about it, or empty
   */
  public StartException(String message, String hint) {
    super(message);
    this.hint = hint;
  }

  /**
   * Makes one with a cause.
   *
   * @param message what failed, and on what
   * @param hint what to do about it, or empty
   * @param cause what went wrong underneath
   */
  public StartException(String message, String hint, Throwable cause) {
    super(message, cause);
    this.hint = hint;
  }

  /**
   * The remedy.
   *
   * @return a sentence, or empty
   */
  public String hint() {
    return hint;
  }
}
