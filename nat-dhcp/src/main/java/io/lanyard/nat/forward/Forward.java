package io.lanyard.nat.forward;

import java.net.InetSocketAddress;
import java.util.Locale;

/**
 * A port forward as declared.
 *
 * @param protocol TCP or UDP
 * @param listen the host's address and port
 * @param guest the guest's hostname, or its IPv4 address as text
 * @param port the guest's port
 */
public record Forward(Protocol protocol, InetSocketAddress listen, String guest, int port) {
  /** The protocols that can be forwarded. */
  public enum Protocol {
    /** A stream. */
    TCP,
    /** Datagrams. */
    UDP
  }

  /** Checks the ports. */
  public Forward {
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("port " + port + " of guest " + guest + " is no port");
    }
  }

  /**
   * What identifies a forward in listings and logs.
   *
   * @return protocol and listen address, as {@code tcp/127.0.0.1:8080}
   */
  public String name() {
    String host =
        listen.getAddress() == null ? listen.getHostString() : listen.getAddress().getHostAddress();
    boolean bracket = host.indexOf(':') >= 0;
    return protocol.name().toLowerCase(Locale.ROOT)
        + "/"
        + (bracket ? "[" + host + "]" : host)
        + ":"
        + listen.getPort();
  }
}
