package io.lanyard.daemon.main;

import java.io.Serial;

/** The command line makes no sense; the message says which word. */
final class UsageException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  UsageException(String message) {
    super(message);
  }
}
