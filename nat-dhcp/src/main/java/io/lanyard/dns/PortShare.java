package io.lanyard.dns;

/**
 * What one port has waiting.
 *
 * <p>Thread: the network's loop only.
 */
final class PortShare {
  /** The port, shown by its text. */
  final Object port;

  int questions;
  int askers;
  long bytes;

  PortShare(Object port) {
    this.port = port;
  }
}
