package io.lanyard.dhcp;

import java.io.Serial;

/** The lease store cannot be used; the message names the file and says what to do. */
public final class LeaseStoreException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  LeaseStoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
