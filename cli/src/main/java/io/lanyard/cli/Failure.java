package io.lanyard.cli;

import java.io.Serial;

/** Ends a command with exit code 1 and a message, without a stack trace. */
final class Failure extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  Failure(String message) {
    super(message);
  }

  Failure(String message, String hint) {
    super(hint.isBlank() ? message : message + "\n" + hint.strip());
  }

  String text() {
    return String.valueOf(getMessage());
  }
}
