package io.lanyard.nat.gateway;

/** The same shortage over IPv6. */
class DescriptorShortageIpv6Test extends DescriptorShortageTest {
  @Override
  WireFamily family() {
    return WireFamily.IPV6;
  }
}
