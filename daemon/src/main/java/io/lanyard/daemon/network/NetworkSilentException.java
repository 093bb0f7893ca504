package io.lanyard.daemon.network;

import java.io.Serial;

/**
 * A network was asked for something and did not answer in time: its loop hangs, or the host does.
 */
public final class NetworkSilentException extends IllegalStateException {
  @Serial private static final long serialVersionUID = 1;

  NetworkSilentException(String network) {
    super("the loop of network " + network + " does not answer");
  }
}
