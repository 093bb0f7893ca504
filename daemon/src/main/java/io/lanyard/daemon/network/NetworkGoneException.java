package io.lanyard.daemon.network;

import java.io.Serial;

/** A network was asked for something while it was being removed. */
public final class NetworkGoneException extends IllegalStateException {
  @Serial private static final long serialVersionUID = 1;

  NetworkGoneException(String network, Throwable cause) {
    super("network " + network + " is gone", cause);
  }
}
