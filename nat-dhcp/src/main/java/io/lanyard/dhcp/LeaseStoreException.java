package io.lanyard.dhcp;

import java.io.Serial;

/** The lease store cannot be used; the message names the file and says what to do. */
public final class LeaseStoreException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /** Whether the file is at fault, so that another in its place would do. */
  private final boolean damage;

  LeaseStoreException(String message, boolean damage, Throwable cause) {
    super(message, cause);
    this.damage = damage;
  }

  boolean isDamage() {
    return damage;
  }
}
