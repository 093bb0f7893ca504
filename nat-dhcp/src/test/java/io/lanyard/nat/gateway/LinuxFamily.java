package io.lanyard.nat.gateway;

import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.forward.GuestAddresses;
import io.lanyard.net.Address;
import java.net.InetAddress;

/**
 * The family by which a Linux guest, in a {@link NatNamespace}, and the host speak. A network of
 * IPv6 has no IPv4.
 */
public enum LinuxFamily {
  /** The older one. */
  IPV4(4, "ipv4: {subnet: 192.168.127.0/24}", "192.168.127.", "127.0.0.1"),
  /** The one whose addresses need brackets. */
  IPV6(6, "ipv6: {subnet: \"fd6c:616e:7961:8::/64\"}", "fd6c:616e:7961:8::", "::1");

  private final int version;
  private final String subnet;
  private final String prefix;
  private final String guest;

  /** The host's loopback, as the host itself has it. */
  public final String loopback;

  /** The host's loopback, as the guest has it. */
  public final String host;

  /** The gateway's address. */
  public final String gateway;

  LinuxFamily(int version, String subnet, String prefix, String loopback) {
    this.version = version;
    this.subnet = subnet;
    this.prefix = prefix;
    guest = prefix + 100;
    this.loopback = loopback;
    host = prefix + 1;
    gateway = prefix + 2;
  }

  /** An address of the network that nobody has. */
  public String nobody() {
    return prefix + 77;
  }

  /** The guest's address. */
  public String guest() {
    return guest;
  }

  /** {@link #loopback} as a socket takes it. */
  public InetAddress loopbackAddress() {
    return Address.parse(loopback).toInetAddress();
  }

  /** {@link #host} in a URL, or before a port. */
  public String hostInUrl() {
    return this == IPV4 ? host : "[" + host + "]";
  }

  /** An address of socat's. */
  public String socat(String protocol, int port) {
    return protocol + version + ":" + hostInUrl() + ":" + port;
  }

  /** A socket of socat's that waits. */
  public String socatListen(String protocol, int port) {
    return protocol + version + "-LISTEN:" + port;
  }

  /**
   * A network of the family.
   *
   * @param lines further keys of it
   */
  public NetworkConfig config(String... lines) {
    return TestNetworks.of(TestNetworks.NAME, subnet, lines);
  }

  /** A network of the family whose guest reaches the host's loopback. */
  public NetworkConfig loopbackConfig() {
    return config("nat: {host-loopback: true}");
  }

  /**
   * A guest in a network, with an address of the family and no other.
   *
   * @param config made by {@link #config}
   * @param guests finds guests that have their addresses by a lease
   */
  public NatNamespace namespace(NetworkConfig config, GuestAddresses guests) throws Exception {
    NatNamespace net = new NatNamespace(config, guests);
    if (this == IPV6) {
      net.guest("ip", "-4", "addr", "flush", "dev", "t0");
      net.guest("ip", "addr", "add", guest + "/64", "dev", "t0", "nodad");
    }
    return net;
  }
}
