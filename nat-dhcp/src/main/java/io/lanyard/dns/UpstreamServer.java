package io.lanyard.dns;

import io.lanyard.config.DnsUpstream;
import io.lanyard.config.DnsUpstream.Way;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import java.net.InetSocketAddress;

/**
 * A server to ask.
 *
 * @param address its address and port; of a link-local address with its interface
 * @param way how it is asked
 * @param name the name that its certificate has to have; empty where none is checked
 */
record UpstreamServer(InetSocketAddress address, Way way, String name) {
  private static final int DNS_PORT = 53; // RFC 1035 section 4.2
  private static final int TLS_PORT = 853; // RFC 7858 section 3.1

  /** A server of the configuration. */
  static UpstreamServer of(DnsUpstream declared) {
    return new UpstreamServer(
        declared.endpoint().toSocketAddress(), declared.way(), declared.name());
  }

  /** A server of a {@code resolv.conf}. */
  static UpstreamServer plain(InetSocketAddress address) {
    return new UpstreamServer(address, Way.DATAGRAM, "");
  }

  /** Whether it is asked over TLS if it has it, and in the clear if not (RFC 8310 section 5). */
  boolean isOpportunistic() {
    return way == Way.TLS && name.isEmpty();
  }

  /**
   * Where it is asked in the clear. The port of TLS has nothing else, so a server there is asked at
   * the port of DNS; one with a port of its own has both there.
   */
  InetSocketAddress clearAddress() {
    return way == Way.TLS && address.getPort() == TLS_PORT
        ? new InetSocketAddress(address.getAddress(), DNS_PORT)
        : address;
  }

  /** The server as the configuration writes it. */
  String text() {
    return new DnsUpstream(
            new Endpoint(Address.of(address.getAddress()), address.getPort()), way, name)
        .toString();
  }
}
