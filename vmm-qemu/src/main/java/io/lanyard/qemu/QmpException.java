package io.lanyard.qemu;

import java.io.IOException;
import java.io.Serial;

/** QEMU did not do a command: it said why, or nothing in time, or its socket has closed. */
final class QmpException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  /** QEMU's class of the error (qapi/error.json); empty where QEMU has not said one. */
  private final String type;

  QmpException(String message) {
    this(message, "");
  }

  QmpException(String message, String type) {
    super(message);
    this.type = type;
  }

  /** Whether QEMU has no device of the name. */
  boolean isNoSuchDevice() {
    return type.equals("DeviceNotFound");
  }
}
