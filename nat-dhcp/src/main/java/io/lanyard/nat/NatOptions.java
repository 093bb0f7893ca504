package io.lanyard.nat;

import io.lanyard.config.ForwardConfig;
import io.lanyard.nat.egress.EgressPolicy;
import io.lanyard.nat.flow.FlowQuota;
import io.lanyard.nat.gateway.GatewayAddresses;
import io.lanyard.nat.tcp.TcpSettings;
import io.lanyard.nat.udp.UdpOptions;
import java.util.List;

/**
 * The options of one network's gateway.
 *
 * @param name the network's name, for logs and the dump
 * @param addresses who the gateway is
 * @param mtu bytes of IP packet that guests take
 * @param translate whether guests reach the world: true for NAT; false for host-only, where the
 *     gateway answers for itself and its services only
 * @param quota how many flows guests may hold
 * @param tcp limits and times of TCP
 * @param udp how the UDP NAT behaves
 * @param host what the networks of the process share of the host
 * @param egress where guests may go
 * @param forwards port forwards
 */
public record NatOptions(
    String name,
    GatewayAddresses addresses,
    int mtu,
    boolean translate,
    FlowQuota quota,
    TcpSettings tcp,
    UdpOptions udp,
    HostResources host,
    EgressPolicy egress,
    List<ForwardConfig> forwards) {
  /** Takes a copy of the list. */
  public NatOptions {
    forwards = List.copyOf(forwards);
  }

  /**
   * The defaults of a NAT network that shares the host with no other.
   *
   * @param name the network's name
   * @param addresses who the gateway is
   * @return options without forwards, for an MTU of 1500
   */
  public static NatOptions of(String name, GatewayAddresses addresses) {
    return of(name, addresses, HostResources.alone());
  }

  /**
   * The defaults of a NAT network that is one of several networks of the process.
   *
   * @param name the network's name
   * @param addresses who the gateway is
   * @param host what the networks share of the host
   * @return options without forwards, for an MTU of 1500
   */
  public static NatOptions of(String name, GatewayAddresses addresses, HostResources host) {
    return new NatOptions(
        name,
        addresses,
        1500,
        true,
        FlowQuota.DEFAULT,
        TcpSettings.defaults(),
        UdpOptions.DEFAULT,
        host,
        EgressPolicy.DEFAULT,
        List.of());
  }

  /**
   * The same with another MTU.
   *
   * @param bytes bytes of IP packet
   * @return a copy
   */
  public NatOptions withMtu(int bytes) {
    return new NatOptions(
        name, addresses, bytes, translate, quota, tcp, udp, host, egress, forwards);
  }

  /**
   * The same with other forwards.
   *
   * @param others the forwards
   * @return a copy
   */
  public NatOptions withForwards(List<ForwardConfig> others) {
    return new NatOptions(name, addresses, mtu, translate, quota, tcp, udp, host, egress, others);
  }

  /**
   * The same with other quotas.
   *
   * @param other the quotas
   * @return a copy
   */
  public NatOptions withQuota(FlowQuota other) {
    return new NatOptions(name, addresses, mtu, translate, other, tcp, udp, host, egress, forwards);
  }

  /**
   * The same, with or without a way out for guests.
   *
   * @param out whether guests reach the world
   * @return a copy
   */
  public NatOptions withTranslate(boolean out) {
    return new NatOptions(name, addresses, mtu, out, quota, tcp, udp, host, egress, forwards);
  }

  /**
   * The same with another behaviour of UDP.
   *
   * @param other the behaviour
   * @return a copy
   */
  public NatOptions withUdp(UdpOptions other) {
    return new NatOptions(
        name, addresses, mtu, translate, quota, tcp, other, host, egress, forwards);
  }

  /**
   * The same with other limits and times of TCP.
   *
   * @param other the settings
   * @return a copy
   */
  public NatOptions withTcp(TcpSettings other) {
    return new NatOptions(
        name, addresses, mtu, translate, quota, other, udp, host, egress, forwards);
  }

  /**
   * The same with another policy where guests may go.
   *
   * @param other the policy
   * @return a copy
   */
  public NatOptions withEgress(EgressPolicy other) {
    return new NatOptions(name, addresses, mtu, translate, quota, tcp, udp, host, other, forwards);
  }
}
