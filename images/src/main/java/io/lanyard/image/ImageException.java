package io.lanyard.image;

import java.io.Serial;

/** An image could not be had; the message says why and what to do. */
public final class ImageException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private final String hint;

  /**
   * Makes one.
   *
   * @param message what failed, and on what
   * @param hint what to do about it
   */
  public ImageException(String message, String hint) {
    super(message);
    this.hint = hint;
  }

  /**
   * Makes one with a cause.
   *
   * @param message what failed, and on what
   * @param hint what to do about it
   * @param cause what went wrong underneath
   */
  public ImageException(String message, String hint, Throwable cause) {
    super(message, cause);
    this.hint = hint;
  }

  /**
   * The remedy.
   *
   * @return a sentence
   */
  public String hint() {
    return hint;
  }
}
