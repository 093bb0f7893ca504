package io.lanyard.control.client;

import java.io.IOException;
import java.io.Serial;

/** The server took the connection and closed it without an answer: it is there, and is busy. */
public final class BrokenOffException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  BrokenOffException(IOException cause) {
    super(cause.getMessage(), cause);
  }
}
