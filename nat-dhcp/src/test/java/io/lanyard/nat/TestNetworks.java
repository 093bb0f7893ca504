package io.lanyard.nat;

import io.lanyard.base.Timers;
import io.lanyard.config.ConfigException;
import io.lanyard.config.ConfigLoader;
import io.lanyard.config.Configuration;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NatConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.nat.flow.FlowQuota;
import io.lanyard.nat.forward.GuestAddresses;
import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import io.lanyard.vswitch.Switch;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** Networks for tests, as the configuration's reader makes them: defaults are written there. */
public final class TestNetworks {
  /** The name of the network unless a test says otherwise. */
  public static final String NAME = "vmnet8";

  private TestNetworks() {}

  /**
   * A NAT network with the subnet 192.168.127.0/24.
   *
   * @param lines further keys of the network, each with its value, such as {@code dns: {domain:
   *     lan}}
   */
  public static NetworkConfig nat(String... lines) {
    return named(NAME, lines);
  }

  /** The same by another name. */
  public static NetworkConfig named(String name, String... lines) {
    return of(name, "ipv4: {subnet: 192.168.127.0/24}", lines);
  }

  /** A NAT network whose addresses are said. */
  public static NetworkConfig of(String name, String ipv4, String... lines) {
    StringBuilder text = new StringBuilder("version: 1\nnetworks:\n  ");
    text.append(name).append(":\n    mode: nat\n    ").append(ipv4).append('\n');
    for (String line : lines) {
      text.append("    ").append(line.replace("\n", "\n      ")).append('\n');
    }
    return Objects.requireNonNull(parse(text.toString()).networks().get(name));
  }

  /** A NAT network with the subnet 192.168.127.0/24 and a pool. */
  public static NetworkConfig pool(Address first, Address last, String... lines) {
    return of(NAME, "ipv4: {subnet: 192.168.127.0/24, pool: " + first + "-" + last + "}", lines);
  }

  /** A guest with one NIC on the network. */
  public static GuestConfig guest(String name, MacAddress mac) {
    String text =
        """
        version: 1
        networks: {vmnet8: {mode: nat, ipv4: {subnet: 192.168.127.0/24}}}
        guests: {%s: {image: any, nics: [{network: vmnet8, mac: "%s"}]}}
        """
            .formatted(name, mac);
    return Objects.requireNonNull(parse(text).guests().get(name));
  }

  private static Configuration parse(String text) {
    try {
      return ConfigLoader.parse("test.yaml", text, Path.of("/"));
    } catch (ConfigException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /**
   * The gateway of a network from which nothing leads out but to the host's loopback, if that is
   * on: it needs no addresses of the host.
   */
  public static NatNetwork inward(
      EventLoop loop,
      Switch network,
      Timers timers,
      ByteBufAllocator allocator,
      NetworkConfig config,
      HostResources host,
      GuestAddresses guests) {
    return new NatNetwork(loop, network, timers, allocator, config, host, guests, false);
  }

  /** The parts of a network that its mode, NAT, gives it. */
  public static NetworkMode.Nat mode(NetworkConfig network) {
    return (NetworkMode.Nat) network.mode();
  }

  /** The same network with forwards, which may listen on port 0. */
  public static NetworkConfig forwards(NetworkConfig network, ForwardConfig... forwards) {
    NetworkMode.Nat mode = mode(network);
    return new NetworkConfig(
        network.name(),
        network.enabled(),
        new NetworkMode.Nat(
            mode.gateway(), mode.hostAdapter(), mode.nat(), mode.egress(), List.of(forwards)),
        network.mtu(),
        network.switching(),
        network.portGroups(),
        network.ports());
  }

  /** The usual quotas of a network that has as many sockets as it likes. */
  public static FlowQuota quota() {
    return new FlowQuota(NatConfig.usual().quotas(), Integer.MAX_VALUE);
  }

  /** Quotas of a network that has as many sockets as it likes. */
  public static FlowQuota quota(
      int tcpPerGuest, int tcp, int udpPerGuest, int udp, int icmpPerGuest, int icmp) {
    return new FlowQuota(
        new NatConfig.Quotas(tcpPerGuest, tcp, udpPerGuest, udp, icmpPerGuest, icmp, Set.of()),
        Integer.MAX_VALUE);
  }
}
