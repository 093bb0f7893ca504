package io.lanyard.nat.gateway;

/** The same NAT over IPv6. */
class UdpNatIpv6Test extends UdpNatTest {
  @Override
  WireFamily family() {
    return WireFamily.IPV6;
  }
}
