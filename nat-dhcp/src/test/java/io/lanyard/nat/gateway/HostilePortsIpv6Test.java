package io.lanyard.nat.gateway;

/** The same hostile ports over IPv6. */
class HostilePortsIpv6Test extends HostilePortsTest {
  @Override
  WireFamily family() {
    return WireFamily.IPV6;
  }
}
