package io.lanyard.control.http;

import java.io.IOException;
import java.io.Serial;

/** A UNIX socket that cannot be at its path; the message says why, the hint what to do. */
public final class SocketFileException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  private final String hint;

  SocketFileException(String message, String hint) {
    super(message);
    this.hint = hint;
  }

  /**
   * The remedy.
   *
   * @return a sentence without a full stop
   */
  public String hint() {
    return hint;
  }
}
