package io.lanyard.vswitch.vhost;

import java.io.IOException;

/** A message that the front end should not have sent, or that cannot be followed. */
public final class VhostException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * Makes one.
   *
   * @param reason for people
   */
  public VhostException(String reason) {
    super(reason);
  }
}
