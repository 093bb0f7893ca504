package io.lanyard.demo;

import java.io.Serial;

/** The demo cannot go on. */
public final class DemoException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  /**
   * Makes one.
   *
   * @param message what failed
   */
  public DemoException(String message) {
    super(message);
  }
}
