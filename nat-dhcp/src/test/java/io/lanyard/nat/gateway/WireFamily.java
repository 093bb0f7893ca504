package io.lanyard.nat.gateway;

import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * The family that guests and the host's servers speak while the test speaks IPv4: a suite is run
 * once for each.
 */
enum WireFamily {
  IPV4,
  IPV6;

  /** A network with the way to the host's loopback, as {@link TestNetwork#config}. */
  NetworkConfig config(String... nat) {
    List<String> keys = new ArrayList<>(List.of(nat));
    keys.addFirst("host-loopback: true");
    return network("nat: {" + String.join(", ", keys) + "}");
  }

  /** A network that has the family alone. */
  NetworkConfig network(String... keys) {
    return this == IPV4
        ? TestNetworks.named("test", keys)
        : TestNetworks.of("test", "ipv6: {subnet: \"" + Ipv6Frames.SUBNET + "\"}", keys);
  }

  /** Has a guest speak the family. */
  void guest(InMemoryPort port) {
    if (this == IPV6) {
      Ipv6Guise.on(port);
    }
  }

  /**
   * A frame as the wire has it.
   *
   * @param frame released by this call
   */
  ByteBuf frame(ByteBuf frame) {
    return this == IPV4 ? frame : Ipv6Guise.toIpv6(frame);
  }

  /** The address that the wire has for an IPv4 address. */
  Address address(int ipv4) {
    return this == IPV4 ? Address.ofIpv4(ipv4) : Ipv6Guise.address(ipv4);
  }

  /** The host's loopback. */
  Address loopback() {
    return this == IPV4 ? Address.LOOPBACK_IPV4 : Address.LOOPBACK_IPV6;
  }

  /** The same, for the JDK's sockets. */
  InetAddress host() {
    return loopback().toInetAddress();
  }

  /** A free port there. */
  InetSocketAddress anyPort() {
    return new InetSocketAddress(host(), 0);
  }

  /** Bytes of the IP header. */
  int header() {
    return this == IPV4 ? Ipv4.HEADER_LENGTH : Ipv6.HEADER_LENGTH;
  }

  /** The most bytes behind the header that a fragment for a link of so many bytes has. */
  int fragment(int mtu) {
    return this == IPV4
        ? (mtu - Ipv4.HEADER_LENGTH) / 8 * 8
        : (mtu - Ipv6.HEADER_LENGTH - 8) / 8 * 8;
  }
}
