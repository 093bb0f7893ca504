package io.lanyard.nat.forward;

import io.lanyard.base.EnumText;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;

/**
 * A port forward as declared.
 *
 * @param protocol TCP or UDP
 * @param listen the host's address and port
 * @param guest the guest's hostname, or its IPv4 address as text
 * @param port the guest's port
 */
public record Forward(Transport protocol, Endpoint listen, String guest, int port) {
  /** Checks the ports. */
  public Forward {
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("port " + port + " of guest " + guest + " is no port");
    }
  }

  /**
   * A forward's name in listings and logs.
   *
   * @return protocol and listen address, as {@code tcp/127.0.0.1:8080}
   */
  public String name() {
    return EnumText.word(protocol) + "/" + listen;
  }
}
