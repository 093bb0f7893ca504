package io.lanyard.qemu;

import java.io.IOException;
import java.io.Serial;

/** QEMU did not do a command: it said why, or nothing in time, or its socket has closed. */
final class QmpException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  QmpException(String message) {
    super(message);
  }
}
