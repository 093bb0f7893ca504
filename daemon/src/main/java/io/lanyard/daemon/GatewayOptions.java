package io.lanyard.daemon;

import io.lanyard.config.Ipv4Config;
import io.lanyard.config.NatConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.NatOptions;
import io.lanyard.nat.gateway.GatewayAddresses;
import io.lanyard.nat.tcp.TcpSettings;
import io.lanyard.nat.udp.UdpOptions;
import io.lanyard.net.MacAddress;

/** The options of a network's gateway, as the configuration and the host's limits say. */
final class GatewayOptions {
  private GatewayOptions() {}

  /**
   * Makes them.
   *
   * @param loopback whether the gateway answers for the host's address and leads to its loopback
   * @param host what all networks share of the host
   */
  static NatOptions of(
      NetworkConfig config, Ipv4Config ipv4, boolean loopback, HostResources host) {
    GatewayAddresses addresses =
        new GatewayAddresses(
            MacAddress.derivedFrom("gateway of " + config.name()).bits(),
            ipv4.gateway(),
            ipv4.subnet(),
            ipv4.host(),
            loopback);
    NatConfig nat = config.nat();
    NatOptions options =
        NatOptions.of(config.name(), addresses, host)
            .withMtu(config.mtu())
            .withTranslate(config.mode() == NetworkMode.NAT)
            .withEgress(EgressPolicies.of(config, host.subnets()))
            .withForwards(config.forwards());
    return nat == null
        ? options
        : options
            .withQuota(DescriptorDivision.quota(nat.quotas(), host.descriptors().most()))
            .withTcp(tcp(nat))
            .withUdp(udp(nat));
  }

  private static TcpSettings tcp(NatConfig nat) {
    TcpSettings usual = TcpSettings.defaults();
    return new TcpSettings(
        usual.sendBuffer(),
        usual.receiveBuffer(),
        usual.memory(),
        nat.timeouts().tcpConnect(),
        nat.timeouts().tcpEstablished(),
        nat.timeouts().tcpTransitory(),
        usual.keepAliveIdle(),
        usual.timeWait());
  }

  private static UdpOptions udp(NatConfig nat) {
    return new UdpOptions(
        nat.filtering(), nat.timeouts().udp().toNanos(), UdpOptions.DEFAULT.queryTimeoutNanos());
  }
}
